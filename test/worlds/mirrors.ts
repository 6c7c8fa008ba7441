// Which routes an interface's table should hold, by DESIGN.md, section 3: nothing of src is used here.

import type { Family } from "../lab/addressing.ts";
import type { Hop, Link, Route } from "./shown.ts";

export interface Interface {
  readonly link: Link;
  readonly role: "uplink" | "inside" | "stub";
  readonly table: string;
  /** The addresses, and AnyIP prefixes, that are this interface's alone. */
  readonly addresses: readonly string[];
  /** The networks of its global addresses, as `ip` writes addresses with their prefix lengths. */
  readonly networks: readonly string[];
  /** Whether it should have a table. */
  readonly wanted: boolean;
}

/** A route, whatever its table. */
export interface Entry {
  /** What the kernel looks up. */
  readonly key: string;
  readonly dst: string;
  readonly from: string;
  readonly metric: number;
  readonly type: string;
  readonly protocol: string;
  readonly prefsrc?: string;
  /** What it says beyond that, but for its next hops. */
  readonly rest: string;
  readonly hops: readonly Hop[];
  readonly tos?: string;
  readonly metrics: Readonly<Record<string, number>>;
}

const BANS = ["blackhole", "unreachable", "prohibit", "throw"];

/** What a route says, without what the kernel has found out, its expiry, and the name of its next hop object. */
export function entryOf(route: Route): Entry {
  const { type, dst, tos = "0", from = "", protocol, prefsrc, metric = 0 } = route;
  const ban = BANS.includes(type);
  const hops = ban ? [] : (route.nexthops ?? [route]).map(hopOf);
  return {
    ...{ key: `${dst} from ${from} tos ${tos}`, dst, from, metric, type, protocol, prefsrc, tos },
    rest: JSON.stringify([route.scope, route.pref, route.encap, route.segs]),
    hops: hops.length === 1 ? [{ ...hops[0], weight: undefined }] : hops,
    metrics: { ...route.metrics?.[0] },
  };
}

function hopOf({ dev, gateway, via, weight, flags }: Hop): Hop {
  return { dev, gateway, via, weight, flags: flags.filter((flag) => flag === "onlink") };
}

export function entryText({ type, dst, tos, prefsrc, protocol, metric, rest, hops, metrics }: Entry): string {
  const ways = hops.map(({ dev, gateway, via, weight, flags }) =>
    [
      gateway || via ? `via ${gateway ?? via?.host}` : "",
      `dev ${dev}`,
      weight === undefined ? "" : `weight ${weight}`,
      ...flags,
    ].filter((word) => word).join(" ")
  );
  return [
    type === "unicast" ? dst : `${type} ${dst}`,
    tos === "0" ? "" : `tos ${tos}`,
    ways.length > 1 ? ways.map((way) => `nexthop ${way}`).join(" ") : ways.join(),
    `proto ${protocol}`,
    prefsrc ? `src ${prefsrc}` : "",
    `metric ${metric}`,
    ...Object.entries(metrics).sort().map(([name, value]) => `${name} ${value}`),
    rest,
  ].filter((word) => word).join(" ");
}

/** The kinds that the worlds have. */
export function isTunnel({ linkinfo }: Link): boolean {
  return ["tun", "vxlan"].includes(linkinfo?.info_kind ?? "");
}

interface Host {
  readonly main: readonly Route[];
  readonly family: Family;
  readonly interfaces: readonly Interface[];
  readonly mtu?: number;
  /** Whether the tables are closed. */
  readonly isolate?: boolean;
}

/** The routes that the table should hold, and those that it may hold. */
export function mirrored(one: Interface, host: Host): { should: Entry[]; may: Entry[] } {
  const byKey = Map.groupBy(host.main.map(entryOf), ({ key }) => key);
  const should: Entry[] = [];
  const missing: Entry[] = [];
  const cutOut: Entry[] = [];
  for (const entries of byKey.values()) {
    const found = apart(ofKey(entries, one, host), host.family);
    should.push(...found);
    const main = entries.filter(isNoBan).slice(0, 1);
    if (found.length > 0) continue;
    // What main routes elsewhere out of the interface's own networks.
    const isCutOut = ({ dst }: Entry) => one.networks.some((network) => covers(network, dst));
    cutOut.push(...main.filter(isCutOut));
    missing.push(...main.filter((entry) => !isCutOut(entry)));
  }
  // Nothing is left to main.
  if (host.isolate) return { should: [...should, ...closing(should, host.family)], may: [] };
  const pierced = missing.filter((entry) => should.some((ban) => isBan(ban) && covers(ban.dst, entry.dst)));
  // Only the outermost need be there; and beneath a route of the table's own, or another throw, it says nothing new.
  const inner = pierced.filter((entry) => {
    const above = [...should, ...pierced].filter((outer) => isAbove(outer, entry));
    return above.some((outer) => isNoBan(outer) && !above.some((ban) => isBan(ban) && isAbove(outer, ban)));
  });
  const throws = [...cutOut, ...pierced.filter((entry) => !inner.includes(entry))].map(throwFor);
  return { should: [...should, ...throws], may: inner.map(throwFor) };
}

/** Whether packets for the inner one would go by the outer one, were it not there. */
function isAbove(outer: Entry, inner: Entry): boolean {
  if (covers(outer.dst, inner.dst)) return true;
  return outer.dst === inner.dst && outer.from === "" && inner.from !== "";
}

/** What closes a table: behind all its defaults. In IPv6 there is one route of a metric, and main's own comes first. */
function closing(should: readonly Entry[], family: Family): Entry[] {
  const [metric, key] = [LAST_METRIC, "default from  tos 0"];
  const isFull = should.some((entry) => entry.key === key && entry.metric === metric);
  if (family === "IPv6" && isFull) return [];
  const rest = plainRest(family);
  const nothing = { from: "", tos: "0", prefsrc: undefined, hops: [], metrics: {} };
  return [{ ...nothing, key, dst: "default", metric, type: "unreachable", protocol: "115", rest }];
}

const LAST_METRIC = 4294967295;

/** What a route without more has beside its next hops. */
function plainRest(family: Family): string {
  return JSON.stringify(["global", family === "IPv6" ? "medium" : undefined, undefined, undefined]);
}

function throwFor(entry: Entry): Entry {
  const rest = plainRest(entry.key.includes(":") ? "IPv6" : "IPv4");
  return { ...entry, type: "throw", protocol: "115", prefsrc: undefined, hops: [], metrics: {}, rest };
}

/** What of one key's routes goes into the table. */
function ofKey(entries: readonly Entry[], one: Interface, host: Host): Entry[] {
  const found: Entry[] = [];
  for (const entry of entries) {
    const outdone = entries.some((better) => isNoBan(better) && isBefore(better, entry, entries));
    const copy = isBan(entry) ? (outdone ? undefined : banned(entry, host)) : part(entry, one, host);
    if (copy && !found.some((other) => entryText(other) === entryText(copy))) found.push(copy);
  }
  return found;
}

/** A throw of main's leads nowhere; from a closed table it would lead to main's other routes. */
function banned(entry: Entry, { isolate }: Host): Entry {
  return isolate && entry.type === "throw" ? { ...entry, type: "unreachable" } : entry;
}

function isBefore(a: Entry, b: Entry, order: readonly Entry[]): boolean {
  return a.metric < b.metric || (a.metric === b.metric && order.indexOf(a) < order.indexOf(b));
}

/**
 * The table's share of a route: its own next hops, else those inside (also a tunnel's own network), else all for its source's sake. The kernel takes
 * none by a link that is down.
 */
function part(entry: Entry, one: Interface, { interfaces, family, mtu }: Host): Entry | undefined {
  const named = (some: readonly Interface[]) => new Set(some.map(({ link }) => link.ifname));
  const insides = named(interfaces.filter(({ role }) => role === "inside"));
  const tunnels = named(interfaces.filter(({ role, link }) => role === "uplink" && isTunnel(link)));
  const down = named(interfaces.filter(({ link }) => !link.flags.includes("UP")));
  const alive = entry.hops.filter(({ dev }) => !down.has(dev!));
  const own = alive.filter(({ dev }) => dev === one.link.ifname);
  const isOwnNetwork = ({ gateway, via }: Hop) => entry.protocol === "kernel" && !gateway && !via;
  const shared = alive.filter((hop) => insides.has(hop.dev!) || (tunnels.has(hop.dev!) && isOwnNetwork(hop)));
  const forSource = entry.prefsrc !== undefined && one.addresses.includes(entry.prefsrc) ? alive : [];
  const others = isShareable(entry.dst, family) ? shared.length > 0 ? shared : forSource : [];
  const hops = own.length > 0 ? own : others;
  if (hops.length === 0) return undefined;
  const taken = family === "IPv6" ? once(hops) : hops;
  const kept = taken.length === 1 ? [{ ...taken[0], weight: undefined }] : taken;
  const changed: Entry["metrics"] = mtu !== undefined && entry.type === "unicast" ? { mtu } : {};
  return { ...entry, hops: kept, metrics: { ...entry.metrics, ...changed } };
}

/** An IPv6 route takes a next hop once; a group of next hop objects may have one twice. */
function once(hops: readonly Hop[]): Hop[] {
  const same = Map.groupBy(hops, ({ dev, gateway }) => `${dev} ${gateway}`);
  return [...same.values()].map((all) => {
    const weights = all.flatMap(({ weight }) => weight ?? []);
    return { ...all[0], weight: weights.length === 0 ? undefined : weights.reduce((sum, one) => sum + one) };
  });
}

/** A way to the world is no network inside, and every interface has an fe80::/64 of its own. */
function isShareable(dst: string, family: Family): boolean {
  return dst !== "default" && lengthOf(dst) >= (family === "IPv4" ? 2 : 4) && !dst.startsWith("fe80:");
}

/** IPv6 routes of one metric would become one route in a copy: each gets a metric of its own. */
function apart(entries: Entry[], family: Family): Entry[] {
  if (family === "IPv4") return entries;
  const sorted = entries.toSorted((a, b) => a.metric - b.metric);
  for (let i = 1; i < sorted.length; i++) {
    sorted[i] = { ...sorted[i], metric: Math.max(sorted[i].metric, sorted[i - 1].metric + 1) };
  }
  // Behind the highest metric nothing can stand.
  return sorted.map((entry, i) => ({
    ...entry,
    metric: Math.min(entry.metric, 2 ** 32 - sorted.length + i),
  }));
}

export function isThrow({ type, protocol }: Entry): boolean {
  return type === "throw" && protocol === "115";
}

/** Whether it may stand in for a route that the kernel refuses. */
export function standsIn(entry: Entry, { isolate }: { isolate?: boolean }): boolean {
  const { type, protocol, metric } = entry;
  const isBarrier = type === "unreachable" && protocol === "115" && metric !== LAST_METRIC;
  return isThrow(entry) || (isolate === true && isBarrier);
}

function isBan({ type }: Entry): boolean {
  return BANS.includes(type);
}

function isNoBan(entry: Entry): boolean {
  return !isBan(entry);
}

/** Whether a prefix lies in another, shorter one. */
export function covers(outer: string, inner: string): boolean {
  if (outer === "default") return inner !== "default";
  const length = lengthOf(outer);
  if (inner === "default" || lengthOf(inner) <= length) return false;
  const [a, b] = [bitsOf(outer), bitsOf(inner)];
  return a.length === b.length && a.slice(0, length) === b.slice(0, length);
}

function lengthOf(prefix: string): number {
  if (prefix === "default") return 0;
  const [ip, length] = prefix.split("/");
  return length === undefined ? (ip.includes(":") ? 128 : 32) : Number(length);
}

/** An address as a text of bits. */
function bitsOf(prefix: string): string {
  const [ip] = prefix.split("/");
  if (!ip.includes(":")) {
    return ip.split(".").map((byte) => Number(byte).toString(2).padStart(8, "0")).join("");
  }
  const [head, tail] = ip.split("::").map((half) => half.split(":").filter((word) => word !== ""));
  const words = tail === undefined
    ? head
    : [...head, ...Array(8 - head.length - tail.length).fill("0"), ...tail];
  return words.map((word) => parseInt(word, 16).toString(2).padStart(16, "0")).join("");
}
