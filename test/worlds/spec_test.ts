// The witness of the worlds: it finds nothing where all is well, and whatever is not.

import assert from "node:assert/strict";
import type { Route, Rule, Shown } from "./shown.ts";
import { examine, leftovers, type Settings } from "./spec.ts";

const route = (dst: string, dev: string, more: Partial<Route> = {}): Route => {
  return {
    type: "unicast",
    dst,
    dev,
    table: "main",
    protocol: "static",
    scope: "global",
    flags: [],
    ...more,
  };
};
const ban = (type: string, dst: string, more: Partial<Route> = {}): Route => {
  return { type, dst, table: "main", protocol: "boot", scope: "global", flags: [], ...more };
};
const rule = (src: string, table: string): Rule => ({ priority: 27200, src, table, protocol: "115" });

const lan = route("172.17.0.0/16", "br0", { protocol: "kernel", scope: "link", prefsrc: "172.17.0.1" });
const wide = ban("blackhole", "10.64.0.0/10");
const narrow = route("10.65.0.0/16", "em2", { gateway: "10.2.0.1", metric: 9 });
const own1 = route("default", "em1", { gateway: "10.1.0.1", metric: 101, metrics: [{ mtu: 1400 }] });
const own2 = route("default", "em2", { gateway: "10.2.0.1", metric: 102 });
const source = route("192.0.2.0/24", "em1", { gateway: "10.1.0.1", prefsrc: "10.2.0.2" });
const hop = (dev: string, gateway: string) => ({ dev, gateway, weight: 1, flags: [] });
const multi = route("198.51.100.0/24", "", {
  dev: undefined,
  nexthops: [hop("em1", "10.1.0.1"), hop("em2", "10.2.0.1"), hop("em2", "10.2.0.9")],
});
const main = [own1, own2, lan, wide, narrow, source, multi];
const pierced = ban("throw", "10.65.0.0/16", { protocol: "115", metric: 9 });

const first = [
  own1,
  lan,
  wide,
  pierced,
  source,
  route("198.51.100.0/24", "em1", { gateway: "10.1.0.1" }),
];
const second = [
  own2,
  lan,
  wide,
  narrow,
  source,
  route("198.51.100.0/24", "", {
    dev: undefined,
    nexthops: [hop("em2", "10.2.0.1"), hop("em2", "10.2.0.9")],
  }),
];
const inTable = (table: string, routes: readonly Route[]) => routes.map((one) => ({ ...one, table }));

function shown(routes: readonly Route[], rules: readonly Rule[]): Shown {
  const link = (ifindex: number, ifname: string, info_kind: string) => {
    return { ifindex, ifname, flags: ["UP", "LOWER_UP"], link_type: "ether", linkinfo: { info_kind } };
  };
  const links = [link(11, "em1", "veth"), link(12, "em2", "veth"), link(13, "br0", "bridge")];
  const has: Record<string, string> = { em1: "10.1.0.2", em2: "10.2.0.2", br0: "172.17.0.1" };
  const addresses = links.map((one) => {
    const address = { family: "inet" as const, local: has[one.ifname], prefixlen: 16, scope: "global" };
    return { ...one, addr_info: [address] };
  });
  return {
    ...{ links, addresses, nexthops: [] },
    routes: { IPv4: routes, IPv6: [] },
    rules: { IPv4: rules, IPv6: [] },
    forwarding: { IPv4: false, IPv6: false },
  };
}

const rules = [rule("10.1.0.2", "1011"), rule("10.2.0.2", "1012")];
const well = [...main, ...inTable("1011", first), ...inTable("1012", second)];
const settings: Settings = { base: 1000, priority: 27200 };
const found = (routes: readonly Route[], with_ = rules) => examine(shown(routes, with_), settings);

Deno.test("where all is well the witness finds nothing", () => {
  assert.deepEqual(found(well), { wrong: [], standIns: [] });
  assert.deepEqual(leftovers(shown(well, rules)), []);
});

/** The same routes, but for those of one table that `change` makes others of. */
function but(table: string, change: (route: Route) => Route | undefined): Route[] {
  return well.flatMap((one) => one.table === table ? change(one) ?? [] : one);
}

const at = (dst: string, more?: Partial<Route>) => (one: Route) =>
  one.dst === dst ? more && { ...one, ...more } : one;

const faults: [name: string, routes: Route[], rules?: Rule[]][] = [
  ["a default that is missing", but("1011", at("default"))],
  ["a shared route that is missing", but("1012", at("172.17.0.0/16"))],
  ["a ban that is missing", but("1011", at("10.64.0.0/10"))],
  ["a throw that is missing", but("1011", at("10.65.0.0/16"))],
  ["a route for its source's sake that is missing", but("1012", at("192.0.2.0/24"))],
  ["another gateway", but("1011", at("default", { gateway: "10.1.0.9" }))],
  ["another metric", but("1011", at("default", { metric: 7 }))],
  ["another mtu", but("1011", at("default", { metrics: [] }))],
  ["another protocol", but("1012", at("10.65.0.0/16", { protocol: "dhcp" }))],
  ["another source", but("1012", at("192.0.2.0/24", { prefsrc: "10.1.0.2" }))],
  ["another scope", but("1012", at("172.17.0.0/16", { scope: "global" }))],
  [
    "a next hop of another uplink",
    but("1011", at("198.51.100.0/24", { dev: undefined, nexthops: multi.nexthops })),
  ],
  ["a route by another uplink", [...well, ...inTable("1011", [{ ...own2, metric: 7 }])]],
  ["a route that main does not have", [...well, ...inTable("1011", [route("192.0.2.9", "em1")])]],
  ["routes of one metric the wrong way round", [
    ...[{ ...narrow, gateway: "10.2.0.9" }, ...well],
    ...inTable("1012", [{ ...narrow, gateway: "10.2.0.9" }]),
  ]],
  ["a rule that is missing", well, [rules[0]]],
  ["a rule that is there twice", well, [...rules, rules[0]]],
  ["a rule to another's table", well, [rules[0], rule("10.2.0.2", "1011")]],
  ["a rule with another priority", well, [rules[0], { ...rules[1], priority: 27199 }]],
  ["a rule of an address that nobody has", well, [...rules, rule("10.9.0.2", "1012")]],
  ["a rule of an address inside", well, [...rules, rule("172.17.0.1", "1013")]],
  ["a rule of the first version", well, [...rules, {
    ...{ priority: 32765, src: "10.1.0.2", table: "1011", protocol: "unspec" },
  }]],
];
for (const [name, routes, with_] of faults) {
  Deno.test(`the witness finds ${name}`, () => assert.notDeepEqual(found(routes, with_).wrong, []));
}

const isolated: Settings = { ...settings, isolate: true };
const closing = ban("unreachable", "default", { protocol: "115", metric: 4294967295 });
const closed = [
  ...main,
  ...inTable("1011", [...first.filter((one) => one !== pierced), closing]),
  ...inTable("1012", [...second, closing]),
];

Deno.test("closed tables: all is well, and not where one is open, closed too early, pierced, or closed without the option", () => {
  const wrong = (routes: readonly Route[], with_ = isolated) =>
    examine(shown(routes, rules), with_).wrong.length;
  assert.equal(wrong(closed), 0);
  assert.equal(wrong(closed.filter((one) => one.table !== "1012" || one.dst !== "default")) > 0, true);
  const early = closed.map((one) => one.type === "unreachable" ? { ...one, metric: 50 } : one);
  assert.equal(wrong(early) > 0, true);
  assert.equal(wrong([...closed, { ...pierced, table: "1011" }]) > 0, true);
  assert.equal(wrong(closed, settings) > 0, true);
  assert.equal(wrong(well) > 0, true);
});

const prefixRule = (src: string, srclen: number, table: string, more: Partial<Rule> = {}): Rule => {
  return { ...rule(src, table), srclen, iif: "lo", ...more };
};
const perPrefix = (rules: Rule[]) => examine(shown(well, rules), { ...settings, perPrefix: true }).wrong;
const wideRules = [prefixRule("10.1.0.0", 16, "1011"), prefixRule("10.2.0.0", 16, "1012")];

Deno.test("where all is well with a rule for each prefix the witness finds nothing", () => {
  assert.deepEqual(perPrefix(wideRules), []);
  assert.deepEqual(perPrefix([wideRules[0], rules[1]]), []);
});

const wideFaults: [name: string, rules: Rule[]][] = [
  ["a prefix without a rule", [wideRules[0]]],
  ["a prefix that is led to another's table", [wideRules[0], prefixRule("10.2.0.0", 16, "1011")]],
  ["a prefix that holds another's address", [prefixRule("10.0.0.0", 14, "1011"), ...wideRules]],
  ["a rule for a prefix that holds nobody", [...wideRules, prefixRule("10.3.0.0", 16, "1012")]],
  ["a rule for a prefix that takes what is forwarded", [wideRules[0], { ...wideRules[1], iif: undefined }]],
  ["a rule for a prefix with another priority", [wideRules[0], { ...wideRules[1], priority: 27201 }]],
  ["a rule for a prefix behind that for its only address", [...wideRules, rules[1]].toReversed()],
];
for (const [name, rules] of wideFaults) {
  Deno.test(`the witness finds ${name}`, () => assert.notDeepEqual(perPrefix(rules), []));
}

Deno.test("a throw in a route's place is told of: the kernel has to refuse that route", () => {
  const { wrong, standIns } = found(
    but("1011", at("198.51.100.0/24", ban("throw", "198.51.100.0/24", { protocol: "115", table: "1011" })))
      .map(
        (one) => one.type === "throw" ? { ...one, dev: undefined } : one,
      ),
  );
  assert.deepEqual([wrong, standIns.map(({ dev, entry }) => `${dev} ${entry.dst}`)], [[], [
    "em1 198.51.100.0/24",
  ]]);
});

Deno.test("a table that is used by another's rule may be left alone, and only as a whole", () => {
  const other: Rule = { priority: 5000, src: "all", fwmark: "0x7", table: "1012", protocol: "unspec" };
  const alone = well.filter(({ table }) => table !== "1012");
  assert.deepEqual(found(alone, [rules[0], other]).wrong, []);
  assert.notDeepEqual(found(alone, [rules[0]]).wrong, []);
});

Deno.test("what is left in a table without a rule is found, but for what is another's", () => {
  assert.deepEqual(leftovers(shown(well, [rules[0]])).length, second.length);
  const foreign = inTable("1014", [{ ...own1, protocol: "250" }]);
  assert.deepEqual(leftovers(shown([...well, ...foreign], rules)), []);
});
