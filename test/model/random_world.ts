// Random small hosts: what `plan` may meet, and states of the kernel from which it may have to start.

import type { Family } from "../../src/model/address.ts";
import type { Random } from "./random.ts";
import type { WorldText } from "./world.ts";

/** Interfaces that may be there; a bridge among them, and a tunnel. */
const LINKS = [
  "2: em1 up",
  "3: em2 up",
  "4: em3 up",
  "5: br0 up kind bridge",
  "6: wg0 up kind wireguard",
];
/** What is marked so is somebody else's, and is to be there in the end as it was. */
export const FOREIGN = 250;

/** The words of a family's addresses. */
const WORDS = {
  4: {
    host: (link: number, i: number) => `10.${link}.0.${10 + i}`,
    gateway: (link: number, i: number) => `10.${link}.0.${1 + i}`,
    connected: (link: number) => `10.${link}.0.0/16`,
    prefixes: ["default", "10.2.3.0/24", "10.8.0.0/16", "10.8.7.0/24", "0.0.0.0/1", "172.16.0.0/12"],
    metrics: ["", "metric 50", "metric 100"],
    length: 16,
  },
  6: {
    host: (link: number, i: number) => `2001:db8:${link}::${10 + i}`,
    gateway: (_link: number, i: number) => `fe80::${1 + i}`,
    connected: (link: number) => `2001:db8:${link}::/64`,
    prefixes: [
      "default",
      "2001:db8:2:0:8000::/65",
      "2001:db8:8::/48",
      "2001:db8:8:7::/64",
      "2000::/3",
      "fe80::/64",
    ],
    metrics: ["metric 1024", "metric 50", "metric 100"],
    length: 64,
  },
} as const;

const name = (link: string) => link.split(" ")[1];

export interface RandomHost {
  readonly family: Family;
  readonly links: readonly string[];
}

export function randomHost(random: Random): RandomHost {
  return { family: random.pick([4, 6] as const), links: random.some(LINKS, 75) };
}

/** A main table, with the addresses that go with it. */
export function randomMain(host: RandomHost, random: Random): { addresses: string[]; routes: string[] } {
  const addresses = host.links.flatMap((link) => addressesOf(link, { host, random }));
  const routes = host.links.flatMap((link) => {
    if (!random.chance(90)) return [];
    const { connected, metrics } = WORDS[host.family];
    const scope = host.family === 4 ? "scope link " : "";
    return `${connected(parseInt(link))} dev ${name(link)} proto kernel ${scope}${random.pick(metrics)}`;
  });
  for (let i = random.int(7); i > 0; i--) routes.push(...randomRoute(host, random));
  return { addresses, routes: unlike(routes, host.family) };
}

function addressesOf(link: string, { host, random }: { host: RandomHost; random: Random }): string[] {
  if (!random.chance(85)) return [];
  const { host: address, length } = WORDS[host.family];
  return [0, 1, 2].slice(0, 1 + random.int(2))
    .map((i) => `${address(parseInt(link), random.chance(50) ? i : 2)}/${length} dev ${name(link)}`);
}

/** A route of main through any link, through two at once, or a ban. */
function randomRoute({ family, links }: RandomHost, random: Random): string[] {
  const { prefixes, metrics } = WORDS[family];
  const prefix = random.pick(prefixes), metric = random.pick(metrics);
  if (links.length === 0) return [];
  if (random.chance(15)) return [`${random.pick(["unreachable", "blackhole", "throw"])} ${prefix} ${metric}`];
  const mtu = random.pick(["", "", "mtu 1400", "mtu lock 1280"]);
  const protocol = `proto ${random.pick(["static", "dhcp"])}`;
  const to = (gateway: boolean) => way(random.pick(links), { family, random, gateway });
  // A delete cannot tell routes of one metric apart that differ in their source, or in further next hops, alone: where
  // both have to go, the one in use goes first. So each kind has a metric of its own here.
  if (random.chance(10)) {
    const source = WORDS[family].host(parseInt(random.pick(links)), 2);
    return [`${prefix} ${to(prefix !== "fe80::/64")} ${protocol} src ${source} metric 160 ${mtu}`];
  }
  if (random.chance(15) && prefix !== "fe80::/64") {
    const nexthops = [0, 1].map(() => `nexthop ${to(true)}`);
    const [one, other] = nexthops.map((nexthop) => nexthop.split(" ").at(-1));
    const metric = one === other ? "metric 170" : "metric 180";
    return nexthops[0] === nexthops[1]
      ? []
      : [`${prefix} ${protocol} ${metric} ${mtu} ${nexthops.join(" ")}`];
  }
  return [`${prefix} ${to(prefix !== "fe80::/64" && random.chance(75))} ${protocol} ${metric} ${mtu}`];
}

function way(
  link: string,
  { family, random, gateway }: { family: Family; random: Random; gateway: boolean },
): string {
  const via = gateway ? `via ${WORDS[family].gateway(parseInt(link), random.int(2))} ` : "";
  return `${via}dev ${name(link)}`;
}

/** The kernel has no two routes of one key and metric in IPv6 that lead alike; here: none at all. */
function unlike(routes: readonly string[], family: Family): string[] {
  if (family === 4) return [...new Set(routes)];
  const seen = new Set<string>();
  return routes.filter((route) => {
    const key = `${route.replace(/^(unreachable|blackhole|throw) /, "").split(" ")[0]} ${
      /metric \d+/.exec(route)
    }`;
    return seen.size !== seen.add(key).size;
  });
}

/** What other programs have in tables that may be ours, and rules of their own. */
export function randomForeign(
  { family, links }: RandomHost,
  random: Random,
): { routes: string[]; rules: string[] } {
  const rules = [
    `100: from all fwmark 0x1/0xff lookup 52`,
    `27200: from ${WORDS[family].host(2, 0)} lookup 52 proto 4`,
    `30000: from all lookup 52`,
    `27300: from ${WORDS[family].host(9, 0)} lookup 4000`,
  ];
  const routes = links.flatMap((link) => [
    `${WORDS[family].prefixes[3]} via ${WORDS[family].gateway(9, 9)} dev ${
      name(link)
    } proto ${FOREIGN} metric 77 table 52`,
    `${WORDS[family].prefixes[4]} via ${WORDS[family].gateway(9, 9)} dev ${name(link)} proto ${FOREIGN} ${
      // In IPv6 it would become one route with ours.
      family === 4 ? random.pick(WORDS[4].metrics) : "metric 78"} table ${
      1000 + parseInt(random.pick(links))
    }`,
  ]);
  return { routes: random.some(routes, 15), rules: random.some(rules, 15) };
}

/** A world as text, of one family. */
export function worldText(
  { family, links }: RandomHost,
  parts: { addresses: readonly string[]; routes: readonly string[]; rules: readonly string[] },
): WorldText {
  const [routes, rules] = [parts.routes.join("\n"), parts.rules.join("\n")];
  return {
    links: links.join("\n"),
    addresses: parts.addresses.join("\n"),
    ...(family === 4 ? { routes, rules } : { routes6: routes, rules6: rules }),
  };
}
