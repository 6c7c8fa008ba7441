// What DESIGN.md, section 3, says that a host should have, worked out anew from what `ip` shows: nothing of src is used
// here, so that a fault there is not made twice.

import { families, type Family } from "../lab/addressing.ts";
import {
  type Entry,
  entryOf,
  entryText,
  type Interface,
  isThrow,
  isTunnel,
  mirrored,
  standsIn,
} from "./mirrors.ts";
import { type Form, formText, wrongSteering } from "./steering.ts";
import { type Address, isAnyIp, type Link, type Route, type Rule, type Shown } from "./shown.ts";

/** What of the program's options the worlds use. */
export interface Settings {
  readonly base: number;
  readonly priority: number;
  readonly exclude?: string;
  readonly mtu?: number;
  readonly isolate?: boolean;
  /** A rule for each on-link prefix, not for each address. */
  readonly perPrefix?: boolean;
}

/** What marks rules as the program's. */
const PROTOCOL = "115";
/** What the worlds' other programs mark their routes with in tables that are not theirs. */
export const FOREIGN = "250";

export interface Finding {
  /** What does not hold. */
  readonly wrong: readonly string[];
  /** Routes in whose place a `throw` stands: allowed where the kernel refuses them. */
  readonly standIns: readonly { readonly family: Family; readonly entry: Entry; readonly dev: string }[];
}

/** Compares what a host has with what it should have. */
export function examine(shown: Shown, settings: Settings): Finding {
  const wrong: string[] = [];
  const standIns: Finding["standIns"][number][] = [];
  for (const family of families) {
    const interfaces = interfacesOf(family, { shown, settings });
    wrong.push(...wrongRules(family, { shown, settings, interfaces }));
    for (const one of interfaces.filter((one) => isTaken(one, { shown, family }))) {
      const found = wrongRoutes(one, { shown, family, interfaces, settings });
      wrong.push(...found.wrong);
      standIns.push(...found.refused.map((entry) => ({ family, entry, dev: one.link.ifname })));
    }
  }
  return { wrong, standIns };
}

interface World {
  readonly shown: Shown;
  readonly family: Family;
}

/** Every interface with its role and the addresses that should have a rule; those that are inside too. */
export function interfacesOf(
  family: Family,
  { shown, settings }: { shown: Shown; settings: Settings },
): Interface[] {
  const main = shown.routes[family].filter((route) => route.table === "main");
  const holders = holdersOf(family, shown);
  // Whoever keeps networks apart has none of them inside for the sake of forwarding.
  const forwards = shown.forwarding[family] && !settings.isolate;
  const roles = new Map(
    shown.links.map((link) => [link.ifname, roleOf(link, { shown, family, main, forwards })]),
  );
  return shown.links.map((link) => {
    const role = roles.get(link.ifname)!;
    const partakes = link.ifname !== settings.exclude && role !== "inside";
    const addresses = [...holders].filter(([, names]) => {
      const outward = [...names].filter((name) => roles.get(name) !== "inside");
      // What is inside may share an address with one that leads out.
      return names.has(link.ifname) && (names.size === 1 || (outward.length === 1 && role !== "inside"));
    });
    return {
      link,
      role,
      table: String(settings.base + link.ifindex),
      addresses: addresses.map(([ip]) => ip),
      networks: (shown.addresses.find(({ ifname }) => ifname === link.ifname)?.addr_info ?? [])
        .filter((address) => isGlobal(address, family))
        .map(({ local, prefixlen }) => `${local}/${prefixlen}`),
      wanted: partakes && addresses.length > 0,
    };
  });
}

/** Which interfaces have an address, or an AnyIP prefix, that can be answered from. */
function holdersOf(family: Family, shown: Shown): Map<string, Set<string>> {
  const holders = new Map<string, Set<string>>();
  const add = (ip: string, dev: string) => holders.set(ip, (holders.get(ip) ?? new Set()).add(dev));
  for (const { ifname, addr_info } of shown.addresses) {
    for (const address of addr_info) if (isGlobal(address, family)) add(address.local, ifname);
  }
  for (const route of shown.routes[family].filter(isAnyIp)) add(route.dst, route.dev!);
  return holders;
}

function isGlobal({ family, scope, local, tentative, dadfailed }: Address, wanted: Family): boolean {
  if (family !== (wanted === "IPv4" ? "inet" : "inet6")) return false;
  return scope === "global" && !tentative && !dadfailed && !/^fe[89ab]/.test(local);
}

/** The role by the table of section 1; options that decide it are not used here. */
function roleOf(
  link: Link,
  { shown, family, main, forwards }: World & { main: readonly Route[]; forwards: boolean },
): Interface["role"] {
  const own = main.filter((route) => hopsOf(route).some(({ dev }) => dev === link.ifname) && !isBan(route));
  const destinations = new Set(own.map(({ dst }) => dst));
  const kind = link.linkinfo?.info_kind;
  if (link.flags.includes("LOOPBACK")) return "inside";
  if (destinations.has("default")) return "uplink";
  // Of the prefixes here these alone are more than half of the world, which ends at 223.255.255.255.
  if (destinations.has("2000::/3") || destinations.has("0.0.0.0/1")) return "uplink";
  const hasGateway = own.some((route) =>
    hopsOf(route).some((hop) => hop.dev === link.ifname && (hop.gateway || hop.via))
  );
  if (kind === "bridge") return "inside";
  if (!forwards && hasGateway && !isTunnel(link)) return "uplink";
  if (isTunnel(link)) return "inside";
  const has = shown.addresses.find(({ ifname }) => ifname === link.ifname)?.addr_info ?? [];
  if (!has.some((address) => isGlobal(address, family))) return "inside";
  return forwards ? "inside" : "stub";
}

export function isBan({ type }: Route): boolean {
  return ["blackhole", "unreachable", "prohibit", "throw"].includes(type);
}

function hopsOf(route: Route) {
  return route.nexthops ?? [route];
}

/** Whether one of our rules leads to the interface's table. */
export function isTaken({ table }: Interface, { shown, family }: World): boolean {
  return shown.rules[family].some((rule) => rule.protocol === PROTOCOL && rule.table === table);
}

/** Whether a rule has the form of those that symrouted 1.0 wrote: which the program makes its own. */
export function isOfFirstVersion(rule: Rule): boolean {
  const [number, ...others] = [Number(rule.table), rule.fwmark, rule.iif, rule.not, rule.dst, rule.srclen];
  return rule.protocol === "unspec" && rule.src !== "all" && number > 1000 && number < 2000 &&
    others.every((selector) => selector === undefined);
}

function isAdopted(rule: Rule, { addresses }: Shown): boolean {
  const holders = addresses.filter(({ addr_info }) => addr_info.some(({ local }) => local === rule.src));
  return isOfFirstVersion(rule) && holders.some(({ ifindex }) => rule.table === String(1000 + ifindex));
}

/** Why an interface's table may be left alone. */
function conflictOf({ table }: Interface, { shown, family }: World): string | undefined {
  const rule = shown.rules[family].find((rule) =>
    rule.protocol !== PROTOCOL && rule.table === table && !isAdopted(rule, shown)
  );
  if (rule) return "a rule of another program leads there";
  const route = shown.routes[family].find((one) => one.table === table && one.protocol === FOREIGN);
  return route && "it has a route of another program";
}

/** Routes in tables that may have been the program's, but that none of its rules leads to any more. */
export function leftovers(shown: Shown): string[] {
  return families.flatMap((family) => {
    const taken = new Set(
      shown.rules[family].filter(({ protocol }) => protocol === PROTOCOL).map(({ table }) => table),
    );
    return shown.routes[family]
      .filter((route) => mayBeOurs(route) && !taken.has(route.table))
      .map((route) => `${family}: left in table ${route.table}: ${entryText(entryOf(route))}`);
  });
}

/** The tables that may be the program's, whatever its base was in the course of a script. */
const BASES = [1000, 5000];
const MOST_LINKS = 1000;

/** Whether a route may be the program's by the number of its table. */
export function mayBeOurs({ table, protocol }: Route): boolean {
  const number = Number(table);
  return protocol !== FOREIGN && BASES.some((base) => number > base && number < base + MOST_LINKS);
}

function wrongRules(
  family: Family,
  { shown, settings, interfaces }: { shown: Shown; settings: Settings; interfaces: readonly Interface[] },
): string[] {
  const text = (rule: Form) => `${family}: ${formText(rule)}`;
  const ours = shown.rules[family].filter(({ protocol }) => protocol === PROTOCOL), has = ours.map(text);
  const should = interfaces.filter((one) => one.wanted).flatMap((one) => {
    // Where it is not taken though it should be, something has to be in the way.
    if (!isTaken(one, { shown, family }) && conflictOf(one, { shown, family })) return [];
    return one.addresses.map((ip): Form => {
      const [src, length] = ip.split("/");
      const priority = length === undefined ? settings.priority : settings.priority + 1;
      return { priority, src, srclen: length === undefined ? undefined : Number(length), table: one.table };
    });
  });
  const first = shown.rules[family].filter((rule) => isAdopted(rule, shown));
  return [
    ...first.map((rule) => `should have been replaced: ${text(rule)}`),
    ...has.filter((rule, i) => has.indexOf(rule) !== i).map((rule) => `twice: ${rule}`),
    ...(settings.perPrefix ? wrongSteering(family, { shown, ours, should, priority: settings.priority }) : [
      ...ours.filter((rule) => !should.some((one) => text(one) === text(rule)))
        .map((rule) => `should not be: ${text(rule)}`),
      ...should.filter((rule) => !has.includes(text(rule))).map((rule) => `is missing: ${text(rule)}`),
    ]),
  ];
}

function wrongRoutes(
  one: Interface,
  { shown, family, interfaces, settings }: World & {
    interfaces: readonly Interface[];
    settings: Settings;
  },
): { wrong: string[]; refused: Entry[] } {
  const routes = shown.routes[family];
  const main = routes.filter(({ table }) => table === "main");
  const has = routes.filter((route) => route.table === one.table && !isForeign(route, one)).map(entryOf);
  const { should, may } = one.wanted
    ? mirrored(one, { main, family, interfaces, mtu: settings.mtu, isolate: settings.isolate })
    : { should: [], may: [] };
  const wrong: string[] = [], refused: Entry[] = [];
  for (const place of new Set([...should, ...has].map(({ key, metric }) => `${key} metric ${metric}`))) {
    const at = (entry: Entry) => `${entry.key} metric ${entry.metric}` === place;
    const [wanted, there] = [should.filter(at), has.filter(at)];
    const [wantedText, thereText] = [wanted.map(entryText), there.map(entryText)];
    if (wantedText.join() === thereText.join()) continue;
    if (
      wanted.length === 0 &&
      there.every((entry) => may.some((one) => one.key === entry.key && isThrow(entry)))
    ) {
      continue;
    }
    const stands = (entry: Entry) => standsIn(entry, settings);
    if (wanted.length > 0 && there.some(stands)) {
      const rest = wanted.filter((entry) => !thereText.includes(entryText(entry)));
      refused.push(...rest);
      const others = there.filter((entry) => !stands(entry)).map(entryText);
      if (others.every((text) => wantedText.includes(text))) continue;
    }
    wrong.push(
      `${family} table ${one.table} (${one.link.ifname}, ${one.role}): ${place}:\n    has    ${
        thereText.join("\n           ") || "nothing"
      }\n    should ${wantedText.join("\n           ") || "nothing"}`,
    );
  }
  return { wrong, refused };
}

/** A route that another program has put into the interface's table, by another interface. */
function isForeign(route: Route, { link }: Interface): boolean {
  return route.protocol === FOREIGN && hopsOf(route).every(({ dev }) => dev !== link.ifname);
}
