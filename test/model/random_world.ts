// Random small hosts: what `plan` may meet. All is text, as `ip` shows it; a name's number is its ifindex.

import type { Family } from "../../src/model/address.ts";
import type { Random } from "./random.ts";

/** What is marked so is somebody else's, and is to be there in the end as it was. */
export const FOREIGN = 250;

/** What leads inside a host, beside its uplinks. */
const INSIDES = ["10: br10 up kind bridge", "11: wg11 up kind wireguard", "12: dum12 up kind dummy"];

/** The words of a family's addresses. */
const WORDS = {
  4: {
    host: (link: number, i: number) => `10.${link}.0.${10 + i}`,
    gateway: (link: number, i: number) => `10.${link}.0.${1 + i}`,
    connected: (link: number) => `10.${link}.0.0/16`,
    prefixes: [
      ...["default", "default", "10.2.3.0/24", "10.8.0.0/16", "10.8.7.0/24", "10.8.7.9", "0.0.0.0/1"],
      ...["128.0.0.0/1", "172.16.0.0/12"],
    ],
    anyIp: ["192.0.2.0/24", "198.51.100.77"],
    metrics: ["", "metric 50", "metric 100", "metric 4294967295"],
    length: 16,
  },
  6: {
    host: (link: number, i: number) => `2001:db8:${link}::${10 + i}`,
    gateway: (_link: number, i: number) => `fe80::${1 + i}`,
    connected: (link: number) => `2001:db8:${link}::/64`,
    prefixes: [
      ...["default", "default", "2001:db8:2:0:8000::/65", "2001:db8:8::/48", "2001:db8:8:7::/64"],
      ...["2001:db8:8:7::9", "2000::/3", "fe80::/64"],
    ],
    anyIp: ["2001:db8:66::/64", "2001:db8:67::7"],
    metrics: ["metric 1024", "metric 50", "metric 100", "metric 4294967295"],
    length: 64,
  },
} as const;

const nameOf = (link: string) => link.split(" ")[1];

export interface RandomHost {
  readonly family: Family;
  readonly links: readonly string[];
  readonly forwarding: boolean;
}

/** Addresses, and the routes of main and those of the local table that are not the kernel's. */
export interface RandomMain {
  readonly addresses: readonly string[];
  readonly routes: readonly string[];
}

/** A host with 2 to 8 uplinks. */
export function randomHost(random: Random): RandomHost {
  const uplinks = Array.from(
    { length: random.pick([2, 2, 2, 3, 3, 4, 5, 8]) },
    (_, i) => `${i + 2}: em${i + 2} up`,
  );
  return {
    family: random.pick([4, 6]),
    links: [...uplinks, ...random.some(INSIDES, 40)],
    forwarding: random.chance(20),
  };
}

export function randomMain(host: RandomHost, random: Random): RandomMain {
  const addresses = host.links.flatMap((link) => addressesOf(link, host.family, random));
  const routes = host.links.flatMap((link) => random.chance(90) ? connected(link, host.family, random) : []);
  for (let i = random.int(4 + host.links.length); i > 0; i--) routes.push(...randomRoute(host, random));
  return { addresses, routes: unlike(routes, host.family) };
}

function addressesOf(link: string, family: Family, random: Random): string[] {
  if (!random.chance(85)) return [];
  const { host, length } = WORDS[family], index = parseInt(link);
  const own = [0, 1, 2].slice(0, 1 + random.int(2)).map((i) => {
    const ip = host(random.chance(6) ? 2 : index, random.chance(50) ? i : random.pick([2, 2, 3, 4]));
    const extra = random.chance(8) ? random.pick(["deprecated", "tentative", "scope link"]) : "";
    return `${ip}/${random.chance(10) ? (family === 4 ? 32 : 128) : length} dev ${nameOf(link)} ${extra}`;
  });
  return family === 6 ? [...own, `fe80::${index}/64 dev ${nameOf(link)} scope link`] : own;
}

function connected(link: string, family: Family, random: Random): string[] {
  const { connected, metrics } = WORDS[family];
  const scope = family === 4 ? "scope link " : "";
  const route = `${connected(parseInt(link))} dev ${nameOf(link)} proto kernel ${scope}${
    random.pick(metrics)
  }`;
  return family === 6 ? [route, `fe80::/64 dev ${nameOf(link)} proto kernel metric 256`] : [route];
}

/** A route of main through any link, through several at once, a ban, or an AnyIP route. */
export function randomRoute({ family, links }: RandomHost, random: Random): string[] {
  const words = WORDS[family];
  const prefix = random.pick(words.prefixes), metric = random.pick(words.metrics);
  if (random.chance(12)) {
    return [`${random.pick(["unreachable", "blackhole", "throw", "prohibit"])} ${prefix} ${metric}`];
  }
  if (random.chance(4)) {
    return [`local ${random.pick(words.anyIp)} dev ${nameOf(random.pick(links))} proto 66`];
  }
  const gateway = prefix !== "fe80::/64";
  const mtu = random.pick(["", "", "", "mtu 1400", "mtu lock 1280"]);
  const protocol = `proto ${random.pick(["static", "dhcp"])}`;
  const to = (gateway: boolean) => way(random.pick(links), { family, random, gateway });
  // A delete cannot tell routes of one metric apart that differ in their source, or in further next hops, alone: where
  // both have to go, the one in use goes first. So each kind has a metric of its own here.
  if (random.chance(10)) {
    const source = words.host(parseInt(random.pick(links)), 2);
    return [`${prefix} ${to(gateway)} ${protocol} src ${source} metric 160 ${mtu}`];
  }
  if (random.chance(15) && gateway) {
    const nexthops = [...new Set([0, 1, 2].slice(0, 2 + random.int(2)).map(() => `nexthop ${to(true)}`))];
    if (nexthops.length === 1) return [];
    // Of those that have as many next hops by each interface, no table has one's first next hop alone.
    const numbers = nexthops.map((nexthop) => /\d+$/.exec(nexthop)![0].padStart(2, "0")).sort();
    return [`${prefix} ${protocol} metric 1${numbers.join("")} ${mtu} ${nexthops.join(" ")}`];
  }
  const tos = family === 4 && random.chance(6) ? "tos 16" : "";
  const from = family === 6 && random.chance(5) ? `from ${words.connected(2)}` : "";
  return [`${prefix} ${from} ${tos} ${to(gateway && random.chance(75))} ${protocol} ${metric} ${mtu}`];
}

function way(
  link: string,
  { family, random, gateway }: { family: Family; random: Random; gateway: boolean },
): string {
  if (gateway) return `via ${WORDS[family].gateway(parseInt(link), random.int(2))} dev ${nameOf(link)}`;
  // As `ip` makes it; of scope global a delete of it would fit those with a gateway too.
  return `dev ${nameOf(link)}${family === 4 ? " scope link" : ""}`;
}

/** What a line says, as far as the choice of lines depends on it. Lines are few, and the same in many worlds. */
interface Known {
  /** The same for routes of which IPv6 has only one. */
  readonly place: string;
  /** The interfaces that it names. */
  readonly devices: readonly string[];
}

const known = new Map<string, Known>();

function know(line: string): Known {
  let found = known.get(line);
  if (!found) known.set(line, found = { place: placeOf(line), devices: devicesOf(line) });
  return found;
}

function devicesOf(line: string): string[] {
  return [...line.matchAll(/ dev (\S+)/g)].map(([, device]) => device);
}

/** IPv6 has one route of a key and metric with gateways, one without for each interface, and one ban. */
function placeOf(line: string): string {
  const [, ban, prefix, rest] = /^(unreachable |blackhole |throw |prohibit |local )?(\S+)(.*)$/.exec(line)!;
  const way = ban ? "ban" : rest.includes(" via ") ? "via" : devicesOf(rest)[0];
  return [prefix, / from (\S+)/.exec(rest)?.[1], / metric (\d+)/.exec(rest)?.[1], way].join(" ");
}

/** Each route of which there can be only one once. */
function unlike(routes: readonly string[], family: Family): string[] {
  const seen = new Map(routes.map((route) => [family === 4 ? route : know(route).place, route]));
  return [...seen.values()];
}

/** What other programs have in tables that may be ours, and rules of their own. */
export function randomForeign(
  { family, links }: RandomHost,
  random: Random,
): { routes: string[]; rules: string[] } {
  const words = WORDS[family];
  const rules = [
    `100: from all fwmark 0x1/0xff lookup 52`,
    `27200: from ${words.host(2, 0)} lookup 52 proto 4`,
    `30000: from all lookup 52`,
    `27300: from ${words.host(9, 0)} lookup 4000`,
    `5000: from all fwmark 0x7 lookup ${1000 + parseInt(random.pick(links))}`,
  ];
  const routes = links.flatMap((link) => {
    const to = `via ${words.gateway(9, 9)} dev ${nameOf(link)} proto ${FOREIGN}`;
    // In IPv6 it would become one route with ours.
    const metric = family === 4 ? random.pick(words.metrics) : "metric 78";
    return [
      `${words.prefixes[4]} ${to} metric 77 table 52`,
      `${words.prefixes[6]} ${to} ${metric} table ${1000 + parseInt(random.pick(links))}`,
    ];
  });
  return { routes: random.some(routes, 12), rules: random.some(rules, 12) };
}

/** What becomes of main when something happens to it: routes and addresses come, go, and move. */
export function changedMain(
  main: RandomMain,
  { host, random }: { host: RandomHost; random: Random },
): RandomMain {
  const fresh = randomMain(host, random), names = new Set(host.links.map(nameOf));
  const isThere = (line: string) => know(line).devices.every((device) => names.has(device));
  return {
    addresses: [
      ...new Set([...random.some(main.addresses.filter(isThere), 85), ...random.some(fresh.addresses, 15)]),
    ],
    routes: unlike(
      [...random.some(main.routes.filter(isThere), 80), ...random.some(fresh.routes, 20)],
      host.family,
    ),
  };
}

/** A host that lacks one of its links, or has another in its place, or on which one goes down or up. */
export function changedHost(host: RandomHost, random: Random): RandomHost {
  const at = random.int(host.links.length), link = host.links[at], index = parseInt(link);
  if (random.chance(40)) {
    const [now, then] = link.includes(" up") ? [" up", " down"] : [" down", " up"];
    return { ...host, links: host.links.with(at, link.replace(now, then)) };
  }
  const instead = index < 10 && (host.links.length === 1 || random.chance(70))
    ? [`${index}: wan${index} up`]
    : [];
  return { ...host, links: host.links.toSpliced(at, 1, ...instead), forwarding: random.chance(20) };
}
