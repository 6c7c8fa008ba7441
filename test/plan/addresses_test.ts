// Which addresses get a rule, and what is said of the others.

import assert from "node:assert/strict";
import { parsePrefix } from "../../src/model/address.ts";
import { assertCommands, decide, notesOn, settle, type Wish } from "../model/decide.ts";
import { FakeKernel } from "../model/fake_kernel.ts";
import { readWorld, type WorldText } from "../model/world.ts";

const links = `
  2: em1 up
  3: em2 up
  4: vrf1 up kind vrf table 10
  5: em3 up master 4`;
const routes = `
  default via 10.0.0.1 dev em1 metric 105
  default via 10.3.0.1 dev em2 metric 106`;
const routes6 = `
  default via fe80::1 dev em1 metric 105
  default via fe80::1 dev em2 metric 106`;

function sources(addresses: string, more: Partial<WorldText> = {}, wish: Wish = {}): string[] {
  const decision = settle(readWorld({ links, addresses, routes, routes6, ...more }), wish);
  return [4, 6].flatMap((family) =>
    decision.plan.families[family as 4 | 6].rules.map(({ from, table }) => `${from} ${table}`)
  );
}

Deno.test("each global address of an uplink has a rule, secondary ones and those with a peer too", () => {
  const addresses =
    "10.0.0.2/16 dev em1\n10.0.0.3/16 dev em1\n10.8.0.2/32 peer 10.8.0.1 dev em1\n10.3.0.2/24 dev em2";
  assert.deepEqual(sources(addresses), ["10.0.0.2 1002", "10.0.0.3 1002", "10.8.0.2 1002", "10.3.0.2 1003"]);
});

const skipped: [name: string, address: string][] = [
  ["link-local IPv6", "fe80::2/64 dev em1 scope link"],
  ["link-local IPv6 that calls itself global", "fe80::2/64 dev em1"],
  ["still tentative", "2001:db8::2/64 dev em1 tentative"],
  ["refused by duplicate detection", "2001:db8::2/64 dev em1 dadfailed"],
  ["of scope host", "10.0.0.2/16 dev em1 scope host"],
  ["of scope link", "169.254.1.2/16 dev em1 scope link"],
  ["of a VRF's port", "10.0.0.2/16 dev em3"],
  ["of a VRF", "10.0.0.2/16 dev vrf1"],
  ["of loopback", "10.0.0.2/32 dev lo"],
  ["of an interface that is not there", "10.0.0.2/32 dev em1\n10.0.0.2/16 dev em2"],
];
for (const [name, address] of skipped) {
  Deno.test(`an address ${name} has no rule`, () => assert.deepEqual(sources(address), []));
}

const taken: [name: string, address: string, rule: string][] = [
  ["deprecated", "2001:db8::2/64 dev em1 deprecated", "2001:db8::2 1002"],
  ["a unique local one (fc00::/7)", "fd00::2/64 dev em1", "fd00::2 1002"],
  ["a private one", "192.168.7.2/24 dev em1", "192.168.7.2 1002"],
  ["link-local IPv4 that calls itself global", "169.254.1.2/16 dev em1", "169.254.1.2 1002"],
  [
    "one that an interface has twice, with two prefixes",
    "10.0.0.2/16 dev em1\n10.0.0.2/24 dev em1",
    "10.0.0.2 1002",
  ],
];
for (const [name, address, rule] of taken) {
  Deno.test(`an address has a rule: ${name}`, () => assert.deepEqual(sources(address), [rule]));
}

Deno.test("an address that two interfaces have is skipped, and both are named", () => {
  const text = { links, routes, addresses: "10.0.0.2/16 dev em1\n10.0.0.2/16 dev em2\n10.0.0.3/16 dev em1" };
  const decision = settle(readWorld(text));
  assert.deepEqual(decision.plan.families[4].rules.map(({ from }) => from), ["10.0.0.3"]);
  assert.deepEqual(notesOn("10.0.0.2", decision), ["skipped: em1 and em2 both have it"]);
});

Deno.test("an address that one uplink and something inside have is the uplink's", () => {
  const more = { links: `${links}\n  6: svc up kind dummy\n  7: gre1 up kind gre` };
  for (const inside of ["lo", "svc", "gre1"]) {
    const addresses = `10.0.0.2/32 dev ${inside}\n10.0.0.2/16 dev em1`;
    assert.deepEqual(sources(addresses, more), ["10.0.0.2 1002"], inside);
    assert.deepEqual(sources(`${addresses}\n10.0.0.2/16 dev em2`, more), [], `${inside} and two uplinks`);
  }
});

Deno.test("an address that is tentative on a second interface is the first one's", () => {
  assert.deepEqual(sources("2001:db8::2/64 dev em1\n2001:db8::2/64 dev em2 tentative"), ["2001:db8::2 1002"]);
});

Deno.test("the rule of an address that a second interface has too goes", () => {
  const decision = assertCommands(
    {
      links,
      addresses: "10.0.0.2/16 dev em1\n10.0.0.2/16 dev em2",
      routes: `${routes}
      default via 10.0.0.1 dev em1 table 1002 metric 105`,
      rules: "27200: from 10.0.0.2 lookup 1002 proto 115",
    },
    `
    ip route del default via 10.0.0.1 dev em1 table 1002 proto boot metric 105
    ip rule del from 10.0.0.2 lookup 1002 priority 27200 protocol 115`,
  );
  assert.deepEqual(decision.plan.families[4].targets, []);
});

Deno.test("a VRF and its ports are skipped in both families, with the reason", () => {
  const decision = decide(readWorld({ links, routes, addresses: "10.5.0.2/24 dev em3" }));
  assert.deepEqual(notesOn("vrf1", decision), [
    "(IPv4): skipped: it is a VRF",
    "(IPv6): skipped: it is a VRF",
  ]);
  assert.deepEqual(notesOn("em3", decision)[0], "(IPv4): skipped: it belongs to the VRF vrf1");
});

Deno.test("AnyIP: a local route on a device makes its prefix an address of that device", () => {
  const anyIp = `${routes}
    local 192.0.2.0/24 dev em1 proto 66
    local 198.51.100.7 dev em2 proto static`;
  const rules = ["10.0.0.2 1002", "192.0.2.0/24 1002", "198.51.100.7 1003"];
  assert.deepEqual(sources("10.0.0.2/16 dev em1", { routes: anyIp }), rules);
});

Deno.test("a local route on lo, and the kernel's own, are nobody's", () => {
  const local = `${routes}
    local 192.0.2.0/24 dev lo proto static
    local 10.0.0.2 dev em1 proto kernel scope host src 10.0.0.2`;
  assert.deepEqual(sources("10.0.0.2/16 dev em1", { routes: local }), ["10.0.0.2 1002"]);
});

const two = "10.0.0.2/16 dev em1\n10.3.0.2/24 dev em2";
Deno.test("--exclude leaves an interface out, and wins over --interface", () => {
  assert.deepEqual(sources(two, {}, { exclude: ["em2"] }), ["10.0.0.2 1002"]);
  assert.deepEqual(sources(two, {}, { interfaces: ["em*"], exclude: ["*1"] }), ["10.3.0.2 1003"]);
  assert.deepEqual(sources(two, {}, { exclude: ["em?"] }), []);
});

Deno.test("--interface leaves all others out", () => {
  assert.deepEqual(sources(two, {}, { interfaces: ["em2"] }), ["10.3.0.2 1003"]);
  assert.deepEqual(sources(two, {}, { interfaces: ["nothing*"] }), []);
});

Deno.test("an interface that is left out is said to be, and its routes are no part of another's table", () => {
  const text = { links, addresses: two, routes };
  const decision = settle(readWorld(text), { exclude: ["em2"] });
  const left = "(IPv4): left out by option: uplink because main has a default route through it";
  assert.deepEqual(notesOn("em2", decision)[0], left);
  assert.ok(!decision.commands.some((command) => command.includes("em2")));
});

Deno.test("AnyIP: of everything, it has no rule, with the reason", () => {
  const decision = settle(readWorld({
    links: "2: em1 up",
    addresses: "10.0.0.2/16 dev em1",
    routes: "default via 10.0.0.1 dev em1\nlocal default dev em1 table local proto static scope host",
  }));
  assert.deepEqual(notesOn("local default dev em1", decision), [
    "(IPv4): skipped: a rule for it would be about everybody's packets",
  ]);
});

Deno.test("AnyIP: an address of another interface inside the prefix goes on being that interface's", () => {
  const observed = readWorld({
    links,
    addresses: "10.0.0.2/16 dev em1\n10.3.0.2/24 dev em2",
    routes: `${routes}\nlocal 10.3.0.0/16 dev em1 proto static`,
  });
  const kernel = new FakeKernel(observed);
  for (const change of settle(observed).changes) kernel.apply(change);
  const flow = { source: parsePrefix("10.3.0.2")!, destination: parsePrefix("192.0.2.9")! };
  assert.equal(kernel.answer(flow)?.table, 1003);
});

Deno.test("AnyIP: a prefix of another interface inside the prefix goes on being that interface's, whichever came first", () => {
  const [wide, narrow, address] = ["em1 10.8.0.0/16", "em2 10.8.7.0/24", "em1 10.8.7.9"];
  for (const order of [[wide, narrow, address], [address, narrow, wide]]) {
    const local = order.map((one) => one.split(" ")).map(([dev, prefix]) =>
      `local ${prefix} dev ${dev} proto static`
    );
    const observed = readWorld({ links, addresses: two, routes: [routes, ...local].join("\n") });
    const kernel = new FakeKernel(observed);
    for (const change of settle(observed).changes) kernel.apply(change);
    const tableOf = (source: string) =>
      kernel.answer({ source: parsePrefix(source)!, destination: parsePrefix("192.0.2.9")! })?.table;
    assert.deepEqual(["10.8.1.1", "10.8.7.1", "10.8.7.9"].map(tableOf), [1002, 1003, 1002]);
  }
});
