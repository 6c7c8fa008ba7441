// A host with a bit of everything: three uplinks, one whose table another program has, a stub, a bridge, bans, routes of every
// kind, and rules of other programs.

import { families, type Family } from "./addressing.ts";
import type { Namespace } from "./netns.ts";
import type { Happening } from "./machine.ts";

/** Where flows lead to: a neighbour of each interface, the world, and what has a route of its own. */
export const destinations = [
  ...["10.0.0.7", "192.168.0.7", "172.19.0.7", "172.20.0.7", "172.21.0.7", "172.17.0.7", "172.18.0.7"],
  ...["203.0.113.9", "198.51.100.7", "198.51.100.70", "192.0.2.7", "192.0.2.130", "203.0.114.7"],
  ...["100.64.3.7", "100.64.7.7"],
  ...["2001:db8:1::7", "2001:db8:2::7", "2001:db8:3::7", "2001:db8:5::7", "2001:db8:17::7", "2001:db8:18::7"],
  ...["2001:db8:c::9", "2001:db8:f0::7", "2001:db8:f0:4::7", "2001:db8:b::7", "2001:db8:b:1::7"],
  ...["2001:db8:64:3::7", "2001:db8:64:7::7"],
];

/** The interfaces, by the numbers that their ifindex is made from. */
export const names: Record<number, string> = { 1: "em1", 2: "em2", 3: "em3", 4: "em4", 5: "st1" };

/** Addresses that are moved about. */
export const wanderers: Record<Family, string> = { IPv4: "10.9.9.9/32", IPv6: "2001:db8:99::9/128" };

/** The base of the network that an interface of that number is in. */
export function net(number: number, family: Family): string {
  const first = ["", "10.0.0.", "192.168.0."][number] ?? `172.${16 + number}.0.`;
  return family === "IPv4" ? first : `2001:db8:${number}::`;
}

export function length(number: number, family: Family): number {
  return family === "IPv6" ? 64 : number === 1 ? 16 : 24;
}

/** Lays a cable: an interface with the ifindex `number` + 1, its other end named after it. */
export function cable(number: number, device = names[number]): string[] {
  const mac = `02:00:00:00:00:${(number + 1).toString(16).padStart(2, "0")}`;
  return [
    `link add name p${number} index ${101 + number} type veth ` +
    `peer name ${device} index ${number + 1} address ${mac} netns HOST`,
    `link set p${number} up`,
  ];
}

/** What an interface has: its addresses, and where `metric` is given its default routes. */
export function configuration(
  number: number,
  options: { device?: string; metric?: number; net?: number } = {},
): string[] {
  const { device = names[number], metric } = options;
  const [net4, net6] = families.map((family) => net(options.net ?? number, family));
  return [
    `link set ${device} up`,
    `address add fe80::${number}:2/64 dev ${device} nodad`,
    `address add ${net4}2/${length(number, "IPv4")} dev ${device}`,
    `address add ${net6}2/${length(number, "IPv6")} dev ${device} nodad`,
    ...(metric === undefined ? [] : [
      `route add default via ${net4}1 dev ${device} proto static metric ${metric}`,
      `route add default via ${net6}1 dev ${device} proto static metric ${metric}`,
    ]),
  ];
}

export const bridge = [
  "link add name br0 index 17 address 02:00:00:00:00:17 type bridge",
  "link set br0 up",
  "address add 172.17.0.1/16 dev br0",
  "address add 2001:db8:17::1/64 dev br0 nodad",
];

/** The host as every round finds it first. */
export const beginning: Happening = {
  name: "the host is set up",
  far: [1, 2, 3, 4, 5].flatMap((number) => cable(number)),
  host: [
    ...[1, 2, 3, 4].flatMap((number) => configuration(number, { metric: 104 + number })),
    ...configuration(5),
    ...bridge,
    "route add 198.51.100.0/24 via 10.0.0.9 dev em1",
    "route add 198.51.100.64/26 via 192.168.0.9 dev em2",
    "route add 198.51.100.0/24 via 192.168.0.9 dev em2 metric 10",
    "route add 198.18.0.0/15 nexthop via 10.0.0.1 dev em1 nexthop via 172.19.0.1 dev em3",
    "route add 203.0.114.0/24 via 192.168.0.1 dev em2 src 10.0.0.2",
    "route add blackhole 192.0.2.0/24",
    "route add 192.0.2.128/25 via 192.168.0.1 dev em2",
    "route add 2001:db8:f0::/48 via 2001:db8:1::9 dev em1",
    "route add 2001:db8:f0:4::/64 via 2001:db8:2::9 dev em2 metric 10",
    "route add unreachable 2001:db8:b::/48",
    "route add 2001:db8:b:1::/64 dev br0",
  ],
};

/** What other programs have: rules that look nearly like ours, one that leads to em4's table, and routes. */
export async function addForeign(host: Namespace): Promise<void> {
  for (const family of families) {
    const [prefix, address, gateway] = family === "IPv4"
      ? ["198.51.100.0/24", "10.0.0.2", "172.20.0.9"]
      : ["2001:db8:f0::/48", "2001:db8:1::2", "2001:db8:4::9"];
    await host.batch([
      `rule add from ${prefix} lookup 7777 priority 27200 protocol 116`,
      `rule add from ${address} to ${prefix} lookup 7778 priority 26000 protocol 4`,
      `rule add from ${prefix} lookup main priority 26001 protocol 115`,
      `rule add to ${prefix} lookup 7779 priority 26002 protocol 115`,
      `rule add from ${prefix} lookup 1005 priority 26003 protocol 4`,
      `route add ${prefix} dev em1 table 7777 protocol 116`,
      `route add blackhole ${prefix} table 7778 protocol 115`,
      `route add default via ${gateway} dev em4 table 1005 protocol 4`,
      `route add blackhole ${prefix} table 1005`,
    ], family);
  }
}
