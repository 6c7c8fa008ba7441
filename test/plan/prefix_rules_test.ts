// --rules per-prefix: a rule for each on-link prefix, and every local address is steered as by a rule of its own.

import assert from "node:assert/strict";
import { FAMILIES, parsePrefix } from "../../src/model/address.ts";
import { assertCommands, decide, settle, troubles, type Wish } from "../model/decide.ts";
import { FakeKernel } from "../model/fake_kernel.ts";
import { assertParity, tableFor } from "../model/parity.ts";
import { readWorld, type WorldText } from "../model/world.ts";
import { links, routes, routes6 } from "./prefix_world.ts";

const wide: Wish = { rules: "per-prefix" };

function rulesOf(addresses: string, more: Partial<WorldText> = {}, wish: Wish = {}): string[] {
  const observed = readWorld({ links, addresses, routes, routes6, ...more });
  assertParity(observed, wish);
  const { families } = settle(observed, { ...wide, ...wish }).plan;
  return FAMILIES.flatMap((family) =>
    families[family].rules.map(({ from, iif, table }) => `${from}${iif ? ` iif ${iif}` : ""} ${table}`)
  );
}

const cases: [name: string, addresses: string, rules: string[], routes?: string][] = [
  ["one for all addresses of a prefix", "10.0.0.2/16 dev em1\n10.0.0.3/16 dev em1\n10.0.9.4/16 dev em1", [
    "10.0.0.0/16 iif lo 1002",
  ]],
  ["one for each prefix", "10.0.0.2/16 dev em1\n192.0.2.2/24 dev em1\n10.3.0.2/24 dev em2", [
    ...["10.0.0.0/16 iif lo 1002", "192.0.2.0/24 iif lo 1002", "10.3.0.0/24 iif lo 1003"],
  ]],
  ["IPv6", "2001:db8::2/64 dev em1\n2001:db8::3/64 dev em1 deprecated\n2001:db8:0:1::2/64 dev em2", [
    ...["2001:db8::/64 iif lo 1002", "2001:db8:0:1::/64 iif lo 1003"],
  ]],
  ["a prefix inside another of the same interface", "10.0.7.2/24 dev em1\n10.0.0.2/16 dev em1", [
    "10.0.0.0/16 iif lo 1002",
  ]],
  ["an address of full length", "10.0.0.2/32 dev em1\n2001:db8::2/128 dev em1", [
    ...["10.0.0.2 1002", "2001:db8::2 1002"],
  ]],
  ["an address with a peer", "10.0.0.1/32 peer 10.0.0.2 dev em1\n10.3.0.1/24 peer 10.9.0.0 dev em2", [
    ...["10.0.0.1 1002", "10.3.0.1 1003"],
  ]],
  ["the same prefix on two interfaces, each with a half", "10.0.0.2/24 dev em1\n10.0.0.130/24 dev em2", [
    ...["10.0.0.0/25 iif lo 1002", "10.0.0.128/25 iif lo 1003"],
  ]],
  ["the same prefix on two interfaces, side by side", "10.0.0.2/24 dev em1\n10.0.0.3/24 dev em2", [
    ...["10.0.0.2 1002", "10.0.0.3 1003"],
  ]],
  ["a prefix of another interface inside", "10.0.0.2/16 dev em1\n10.0.200.2/24 dev em2", [
    ...["10.0.0.0/17 iif lo 1002", "10.0.200.0/24 iif lo 1003"],
  ]],
  ["an address of a bridge inside", "10.0.0.2/24 dev em1\n10.0.0.200/32 dev br0", [
    "10.0.0.0/25 iif lo 1002",
  ]],
  ["an address of a VRF inside", "10.0.0.2/24 dev em1\n10.0.0.200/24 dev em3", ["10.0.0.0/25 iif lo 1002"]],
  ["an address of lo inside", "10.0.0.2/24 dev em1\n10.0.0.200/32 dev lo", ["10.0.0.0/25 iif lo 1002"]],
  ["IPv4: a whole prefix of lo inside", "10.0.0.2/24 dev em1\n10.0.0.129/26 dev lo\n10.0.0.200/24 dev em1", [
    ...["10.0.0.0/25 iif lo 1002", "10.0.0.192/26 iif lo 1002"],
  ]],
  ["IPv4: a whole prefix of lo around", "10.0.0.2/24 dev em1\n10.0.9.9/16 dev lo", ["10.0.0.2 1002"]],
  ["IPv6: a prefix of lo around", "2001:db8::2/64 dev em1\n2001:db8::8000:0:0:1/48 dev lo", [
    "2001:db8::/65 iif lo 1002",
  ]],
  [
    "an address that two interfaces have",
    "10.0.0.2/24 dev em1\n10.0.0.200/24 dev em1\n10.0.0.200/32 dev em2",
    [
      "10.0.0.0/25 iif lo 1002",
    ],
  ],
  ["one that is not global", "10.0.0.2/24 dev em1\n10.0.0.200/24 dev em1 scope link", [
    "10.0.0.0/25 iif lo 1002",
  ]],
  ["one that cannot be used yet", "2001:db8::2/64 dev em1\n2001:db8::3/64 dev em1 tentative", [
    "2001:db8::/64 iif lo 1002",
  ]],
  ["only one that cannot be used yet", "2001:db8::3/64 dev em1 tentative", []],
  ["what is no address yet", "10.0.0.2/0 dev em1\n2001:db8::2/0 dev em1", [
    ...["8.0.0.0/5 iif lo 1002", "2000::/3 iif lo 1002"],
  ]],
  [
    "AnyIP of the same interface",
    "10.0.0.2/16 dev em1",
    ["10.0.0.0/16 iif lo 1002", "10.0.7.0/24 1002"],
    [
      "local 10.0.7.0/24 dev em1 proto static",
    ].join(),
  ],
  [
    "AnyIP of another inside",
    "10.0.0.2/24 dev em1",
    ["10.0.0.0/25 iif lo 1002", "10.0.0.128/25 1003"],
    [
      "local 10.0.0.128/25 dev em2 proto static",
    ].join(),
  ],
  [
    "AnyIP of another around",
    "10.0.0.2/24 dev em1",
    ["10.0.0.2 1002", "10.0.0.0/16 1003"],
    [
      "local 10.0.0.0/16 dev em2 proto static",
    ].join(),
  ],
  ["AnyIP of everything", "10.0.0.2/24 dev em1", ["10.0.0.2 1002"], "local default dev lo proto static"],
];
for (const [name, addresses, rules, local = ""] of cases) {
  Deno.test(`per prefix: ${name}`, () =>
    assert.deepEqual(rulesOf(addresses, { routes: `${routes}\n${local}` }), rules));
}

Deno.test("per prefix: an interface that is left out has its addresses left out", () => {
  const addresses = "10.0.0.2/24 dev em1\n10.0.0.130/24 dev em2";
  assert.deepEqual(rulesOf(addresses, {}, { exclude: ["em2"] }), ["10.0.0.0/25 iif lo 1002"]);
});

Deno.test("per prefix: an interface whose table is another's has its addresses left out", () => {
  const addresses = "10.0.0.2/24 dev em1\n10.0.0.130/24 dev em2";
  const rules = "100: from all fwmark 0x1 lookup 1003";
  assert.deepEqual(rulesOf(addresses, { rules }), ["10.0.0.0/25 iif lo 1002"]);
});

const host = { links: "2: em1 up\n3: em2 up", addresses: "10.0.0.2/16 dev em1\n10.0.0.3/16 dev em1" };
const filled = "default via 10.0.0.1 dev em1\ndefault via 10.0.0.1 dev em1 table 1002";
const each = "27200: from 10.0.0.2 lookup 1002 proto 115\n27200: from 10.0.0.3 lookup 1002 proto 115";
const both = "27200: from 10.0.0.0/16 iif lo lookup 1002 proto 115";

Deno.test("per prefix: the new rule comes before those of addresses go", () => {
  assertCommands(
    { ...host, routes: filled, rules: each },
    `
    ip rule add from 10.0.0.0/16 iif lo lookup 1002 priority 27200 protocol 115
    ip rule del from 10.0.0.2 lookup 1002 priority 27200 protocol 115
    ip rule del from 10.0.0.3 lookup 1002 priority 27200 protocol 115`,
    wide,
  );
});

Deno.test("per address: the rules of addresses come before that of a prefix goes", () => {
  assertCommands(
    { ...host, routes: filled, rules: both },
    `
    ip rule add from 10.0.0.2 lookup 1002 priority 27200 protocol 115
    ip rule add from 10.0.0.3 lookup 1002 priority 27200 protocol 115
    ip rule del from 10.0.0.0/16 iif lo lookup 1002 priority 27200 protocol 115`,
  );
});

for (const [name, rules, wish] of [["per prefix", each, wide], ["per address", both, {}]] as const) {
  Deno.test(`${name}: no address is without a rule while the table changes too`, () => {
    const other = filled.replace("10.0.0.1 dev em1 table", "10.0.0.9 dev em1 table");
    const observed = readWorld({ ...host, routes: other, rules });
    const kernel = new FakeKernel(observed);
    for (const change of settle(observed, wish).changes) {
      kernel.apply(change);
      for (const source of ["10.0.0.2", "10.0.0.3"]) {
        assert.equal(tableFor(kernel, parsePrefix(source)!), 1002);
      }
    }
  });
}

Deno.test("per prefix: a rule goes before the routes, where another interface's address has come into its prefix", () => {
  const { commands } = settle(
    readWorld({
      ...host,
      addresses: `${host.addresses}\n10.0.200.2/16 dev em2`,
      routes: `${filled}\n10.0.0.0/16 dev em1\ndefault via 10.0.0.1 dev em2 metric 9`,
      rules: both,
    }),
    wide,
  );
  const place = (text: string) => commands.findIndex((command) => command.startsWith(text));
  const old = place("ip rule del from 10.0.0.0/16 iif lo lookup 1002");
  assert.ok(place("ip rule add from 10.0.0.0/17 iif lo lookup 1002") < old, commands.join("\n"));
  assert.ok(place("ip rule add from 10.0.128.0/17 iif lo lookup 1003") < old, commands.join("\n"));
  assert.ok(old < place("ip route append"), commands.join("\n"));
});

Deno.test("per prefix: and does not wait for the table of what has come", () => {
  const { commands } = settle(
    readWorld({
      ...host,
      addresses: `${host.addresses}\n10.0.200.2/32 dev em2`,
      routes: `${filled}\ndefault via 10.0.0.1 dev em2 metric 9`,
      rules: both,
    }),
    wide,
  );
  const old = commands.findIndex((command) => command.startsWith("ip rule del from 10.0.0.0/16 iif lo"));
  const filling = commands.findIndex((command) => command.includes("table 1003"));
  assert.ok(old >= 0 && old < filling, commands.join("\n"));
});

Deno.test("per prefix: a wider prefix takes the place of a narrower one without a gap", () => {
  const observed = readWorld({
    links: host.links,
    addresses: "2001:db8::2/64 dev em1\n2001:db8::3/64 dev em1 tentative",
    routes6: `
      2001:db8::/64 dev em1 proto kernel metric 256
      default via fe80::1 dev em1 metric 1024
      2001:db8::/96 dev em1 proto kernel metric 256 table 1002
      default via fe80::1 dev em1 metric 1024 table 1002`,
    rules6: "27200: from 2001:db8::/96 iif lo lookup 1002 proto 115",
  });
  const kernel = new FakeKernel(observed);
  for (const change of settle(observed, wide).changes) {
    kernel.apply(change);
    assert.equal(tableFor(kernel, parsePrefix("2001:db8::2")!), 1002);
  }
});

Deno.test("per prefix: a rule of another program is named where it takes a source, not where it takes none", () => {
  const of = (from: string) =>
    troubles(
      decide(readWorld({ ...host, routes: filled, rules: `100: from ${from} lookup 52\n${both}` }), wide),
    );
  assert.match(of("10.0.0.3").join(), /stands in front of ours/);
  assert.match(of("10.0.0.0/8").join(), /stands in front of ours/);
  assert.deepEqual(of("10.0.0.4"), []);
});

Deno.test("per prefix: the tables of a base that was another are emptied", () => {
  assertCommands(
    { ...host, routes: filled, rules: both.replaceAll("1002", "5002") + "\n" + both },
    "ip rule del from 10.0.0.0/16 iif lo lookup 5002 priority 27200 protocol 115",
    wide,
  );
});

Deno.test("per prefix: --flush takes all of it back", () => {
  assertCommands(
    { ...host, routes: filled, rules: `${both}\n${each}` },
    `
    ip route del default via 10.0.0.1 dev em1 table 1002 proto boot
    ip rule del from 10.0.0.0/16 iif lo lookup 1002 priority 27200 protocol 115
    ip rule del from 10.0.0.2 lookup 1002 priority 27200 protocol 115
    ip rule del from 10.0.0.3 lookup 1002 priority 27200 protocol 115`,
    { ...wide, flush: true },
  );
});
