// What an interface table holds: its own routes, shared ones, and those of its addresses; each as main has it.

import assert from "node:assert/strict";
import { tableOf, type Wish } from "../model/decide.ts";

const links = `
  2: em1 up
  3: em2 up
  6: br0 up kind bridge
  7: wg0 up kind wireguard`;
const addresses = `
  10.0.0.2/16 dev em1
  10.3.0.2/24 dev em2
  172.17.0.1/16 dev br0
  2001:db8:1::2/64 dev em1
  2001:db8:3::2/64 dev em2`;
const defaults = "default via 10.0.0.1 dev em1 metric 105\ndefault via 10.3.0.1 dev em2 metric 106";
const defaults6 = "default via fe80::1 dev em1 metric 105\ndefault via fe80::3 dev em2 metric 106";
const table = {
  4: "default via 10.0.0.1 dev em1 proto boot metric 105",
  6: "default via fe80::1 dev em1 proto boot metric 105",
};

/** What em1's table gets beside the default when main has these routes too. */
function em1(family: 4 | 6, routes: string, wish: Wish = {}): string[] {
  const main = family === 4 ? { routes: `${defaults}\n${routes}` } : { routes6: `${defaults6}\n${routes}` };
  const own = addresses.split("\n").filter((line) => line.includes(":") === (family === 6)).join("\n");
  const found = tableOf({ links, addresses: own, ...main }, { table: 1002, ...wish });
  return found.filter((route) => route !== table[family]);
}

const same: [name: string, family: 4 | 6, route: string][] = [
  ["connected", 4, "10.0.0.0/16 dev em1 proto kernel scope link src 10.0.0.2 metric 105"],
  ["with a tos", 4, "10.7.0.0/16 tos 0x10 via 10.0.0.1 dev em1 proto static"],
  ["to a gateway of the other family", 4, "10.7.0.0/16 via inet6 fe80::1 dev em1 proto static"],
  ["on-link", 4, "10.7.0.0/16 via 192.0.2.1 dev em1 onlink proto static"],
  ["of an unknown protocol", 4, "10.7.0.0/16 via 10.0.0.1 dev em1 proto 77"],
  ["with metrics", 4, "10.7.0.0/16 via 10.0.0.1 dev em1 proto static mtu lock 1400 advmss 1300 initcwnd 20"],
  ["with realms", 4, "10.7.0.0/16 via 10.0.0.1 dev em1 realms 3/5 proto static"],
  ["to one host", 4, "10.7.0.1 via 10.0.0.1 dev em1 proto static"],
  ["a broadcast", 4, "broadcast 10.7.0.255 dev em1 proto static scope link"],
  ["of scope site", 4, "10.7.0.0/16 dev em1 proto static scope site"],
  ["of a preference", 6, "2001:db8:7::/64 via fe80::1 dev em1 proto ra metric 100 pref low"],
  [
    "of one source prefix",
    6,
    "2001:db8:7::/48 from 2001:db8:1::/64 via fe80::1 dev em1 proto static metric 100",
  ],
  ["its own link-local one", 6, "fe80::/64 dev em1 proto kernel metric 256"],
  ["multicast's", 6, "multicast ff00::/8 dev em1 proto kernel metric 256"],
  ["through a bridge of containers", 4, "172.17.0.0/16 dev br0 proto kernel scope link src 172.17.0.1"],
  ["through a tunnel", 4, "10.8.0.0/16 dev wg0 proto static scope link"],
  ["behind a tunnel", 4, "10.9.0.0/16 via 10.8.0.1 dev wg0 proto static"],
  ["IPv6 behind a bridge", 6, "2001:db8:d0::/64 dev br0 proto kernel metric 256"],
  [
    "through another uplink, for an address of its own",
    4,
    "10.7.0.0/16 via 10.3.0.1 dev em2 proto static src 10.0.0.2",
  ],
];
for (const [name, family, route] of same) {
  Deno.test(`IPv${family}: a route is mirrored as it is: ${name}`, () => {
    assert.deepEqual(em1(family, route.replace("metric 256", "metric 256 pref medium")), [route]);
  });
}

const none: [name: string, family: 4 | 6, route: string][] = [
  ["another uplink's", 4, "10.7.0.0/16 via 10.3.0.1 dev em2"],
  ["another uplink's, for an address of its own", 4, "10.7.0.0/16 via 10.3.0.1 dev em2 src 10.3.0.2"],
  ["another uplink's, for an address that nobody has", 4, "10.7.0.0/16 via 10.3.0.1 dev em2 src 10.99.0.1"],
  ["another interface's link-local one", 6, "fe80::/64 dev em2 proto kernel metric 256"],
  ["a bridge's link-local one", 6, "fe80::/64 dev br0 proto kernel metric 256"],
  ["of another table", 4, "10.7.0.0/16 via 10.0.0.1 dev em1 table 52"],
];
for (const [name, family, route] of none) {
  Deno.test(`IPv${family}: a route is not mirrored: ${name}`, () => assert.deepEqual(em1(family, route), []));
}

Deno.test("what the kernel found out about a route is no part of its mirror", () => {
  const route = "10.7.0.0/16 via 10.0.0.1 dev em1 proto static";
  assert.deepEqual(em1(4, `${route} dead linkdown`), [route]);
  assert.deepEqual(em1(6, "2001:db8:7::/64 dev em1 proto ra metric 100 expires 1790sec pref medium"), [
    "2001:db8:7::/64 dev em1 proto ra metric 100",
  ]);
});

Deno.test("multipath: one next hop of its own becomes a plain route", () => {
  const route =
    "10.7.0.0/16 proto static\n nexthop via 10.0.0.1 dev em1 weight 7\n nexthop via 10.3.0.1 dev em2 weight 1";
  assert.deepEqual(em1(4, route), ["10.7.0.0/16 via 10.0.0.1 dev em1 proto static"]);
});

Deno.test("multipath: several of its own stay multipath, with their weights", () => {
  const route = `10.7.0.0/16 proto static metric 5
    nexthop via 10.0.0.1 dev em1 weight 7
    nexthop via 10.3.0.1 dev em2 weight 1
    nexthop via 10.0.0.9 dev em1 weight 2`;
  assert.deepEqual(em1(4, route), [
    "10.7.0.0/16 proto static metric 5 nexthop via 10.0.0.1 dev em1 weight 7 nexthop via 10.0.0.9 dev em1 weight 2",
  ]);
});

Deno.test("multipath: what an IPv6 group of next hop objects has twice is taken once, with both weights", () => {
  const group = `2001:db8:7::/48 metric 5
    nexthop via fe80::1 dev em1 weight 7
    nexthop via fe80::9 dev em1 weight 1
    nexthop via fe80::1 dev em1 weight 2`;
  assert.deepEqual(em1(6, group), [
    "2001:db8:7::/48 proto boot metric 5 nexthop via fe80::1 dev em1 weight 9 nexthop via fe80::9 dev em1 weight 1",
  ]);
});

Deno.test("multipath: its own next hop comes before those inside, those inside before another's", () => {
  const hops = (devices: string[]) =>
    `10.7.0.0/16 proto static ${
      devices.map((device) => `nexthop via 10.0.0.1 dev ${device} weight 1`).join(" ")
    }`;
  assert.deepEqual(em1(4, hops(["wg0", "em1"])), ["10.7.0.0/16 via 10.0.0.1 dev em1 proto static"]);
  assert.deepEqual(em1(4, hops(["wg0", "em2"])), ["10.7.0.0/16 via 10.0.0.1 dev wg0 proto static"]);
  assert.deepEqual(em1(4, hops(["wg0", "wg0"])), [hops(["wg0", "wg0"])]);
});

Deno.test("IPv6 routes of one metric keep apart, better preferences first", () => {
  const route = (gateway: string, rest: string) =>
    `2001:db8:7::/64 via ${gateway} dev em1 proto ra metric ${rest}`;
  const main = [
    route("fe80::a", "100 pref low"),
    route("fe80::b", "100 pref medium"),
    route("fe80::c", "100 pref high"),
  ];
  assert.deepEqual(em1(6, main.join("\n")), [
    route("fe80::c", "100 pref high"),
    route("fe80::b", "101"),
    route("fe80::a", "102 pref low"),
  ]);
});

Deno.test("IPv6 routes moved apart make room in front of the next metric", () => {
  const route = (gateway: string, metric: number) =>
    `2001:db8:7::/64 via ${gateway} dev em1 proto ra metric ${metric}`;
  const main = [route("fe80::a", 100), route("fe80::b", 100), route("fe80::c", 101), route("fe80::d", 500)];
  assert.deepEqual(em1(6, main.join("\n")), [
    route("fe80::a", 100),
    route("fe80::b", 101),
    route("fe80::c", 102),
    route("fe80::d", 500),
  ]);
});

Deno.test("IPv6 routes of the highest metric keep apart in front of it", () => {
  const route = (gateway: string, metric: number) =>
    `2001:db8:7::/64 via ${gateway} dev em1 proto ra metric ${metric}`;
  const highest = 2 ** 32 - 1;
  const main = [route("fe80::a", 5), route("fe80::b", highest), route("fe80::c", highest)];
  assert.deepEqual(em1(6, main.join("\n")), [
    route("fe80::a", 5),
    route("fe80::b", highest - 1),
    route("fe80::c", highest),
  ]);
});

Deno.test("IPv4 routes of one metric keep main's order", () => {
  const routes = [
    "10.7.0.0/16 via 10.0.0.9 dev em1 proto static",
    "10.7.0.0/16 via 10.0.0.1 dev em1 proto static",
  ];
  assert.deepEqual(em1(4, routes.join("\n")), routes);
});

Deno.test("what main routes elsewhere out of a network of the interface's own is left to main", () => {
  const routes = `
    10.0.0.0/16 dev em1 proto kernel scope link
    10.0.77.0/24 dev em2 scope link
    10.0.78.0/24 via 10.0.0.9 dev em1
    10.1.0.0/24 dev em2 scope link
    10.0.0.0/15 dev em2 scope link`;
  assert.deepEqual(em1(4, routes), [
    "throw 10.0.77.0/24 proto 115",
    "10.0.78.0/24 via 10.0.0.9 dev em1 proto boot",
    "10.0.0.0/16 dev em1 proto kernel scope link",
  ]);
  // A table that is closed leaves nothing to main.
  assert.deepEqual(em1(4, routes, { isolate: true }).filter((route) => route.includes("10.0.77")), []);
  const routes6 = `
    2001:db8:1:0:77::/80 dev em2 proto static metric 7
    2001:db8:1::/64 dev em1 proto kernel metric 256
    2001:db8:1:7::/64 dev em2 metric 256
    fe80::7 dev em2 metric 256`;
  assert.deepEqual(em1(6, routes6), [
    "throw 2001:db8:1:0:77::/80 proto 115 metric 7",
    "2001:db8:1::/64 dev em1 proto kernel metric 256",
  ]);
});
