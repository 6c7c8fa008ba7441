/** Rules, routes, links and addresses in the syntax of `ip` (ip-rule(8), ip-route(8)). */

import type { Family } from "./address.ts";
import { metricWords } from "./metrics.ts";
import {
  ACTION_GOTO,
  ACTION_LOOKUP,
  ACTION_NOP,
  type Address,
  FLOW,
  isBan,
  type Link,
  type Nexthop,
  ONLINK,
  type Path,
  PREF,
  type Rule,
  SCOPE,
  TABLE,
  TYPE,
} from "./records.ts";

/** From an ifindex to the interface's name. */
export type Names = (ifindex: number) => string;

/** A route as text needs it. */
export interface RouteText {
  readonly destination: string;
  readonly source?: string;
  readonly tos?: number;
  readonly table: number;
  readonly metric: number;
  readonly path: Path;
}

const TYPE_NAMES = new Map<number, string>(Object.entries(TYPE).map(([name, type]) => [type, name]));
/** Those that `ip` knows without a file. */
const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  1: "redirect",
  2: "kernel",
  3: "boot",
  4: "static",
  8: "gated",
  9: "ra",
  10: "mrt",
  11: "zebra",
  12: "bird",
  16: "dhcp",
  18: "keepalived",
  42: "babel",
  186: "bgp",
  187: "isis",
  188: "ospf",
  189: "rip",
};
const SCOPE_NAMES: Readonly<Record<number, string>> = {
  0: "global",
  200: "site",
  253: "link",
  254: "host",
  255: "nowhere",
};
const ACTION_NAMES: Readonly<Record<number, string>> = {
  [ACTION_GOTO]: "goto",
  [ACTION_NOP]: "nop",
  6: "blackhole",
  7: "unreachable",
  8: "prohibit",
};
const PREF_NAMES: Readonly<Record<string, string>> = { "01": "high", "03": "low" };

/** A name as a word of a shell command: interfaces may be called almost anything. */
export function shellWord(text: string): string {
  if (/^[\w.:@%+=,-]+$/.test(text)) return text;
  // deno-lint-ignore no-control-regex
  if (!/[\x00-\x1f\x7f]/.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  // deno-lint-ignore no-control-regex
  const escaped = text.replaceAll(/[\\'\x00-\x1f\x7f]/g, (char) => {
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `$'${escaped}'`;
}

/** The numbers of the attributes that `routeText` cannot tell `ip` of, such as encapsulations. */
export function untold({ attributes, nexthops }: Path): number[] {
  const all = [...attributes, ...nexthops.flatMap((nexthop) => nexthop.attributes)];
  return [...new Set(all.map(({ type }) => type).filter((type) => type !== PREF && type !== FLOW))];
}

/** `ip`, or `ip -6` for what would else be taken for IPv4. */
export function ipCommand(family: Family): string {
  return family === 6 ? "ip -6" : "ip";
}

/** A route as arguments of `ip route`, with everything that makes it what it is. */
export function routeText(route: RouteText, names: Names): string {
  const { path, table, metric, source, tos } = route;
  const words = path.type === TYPE.unicast ? [] : [TYPE_NAMES.get(path.type) ?? `type ${path.type}`];
  words.push(route.destination);
  if (source) words.push("from", source);
  if (tos) words.push("tos", `0x${tos.toString(16)}`);
  if (path.nexthops.length === 1) words.push(...nexthopWords(path.nexthops[0], path.family, names));
  if (table !== TABLE.main) words.push("table", String(table));
  words.push("proto", PROTOCOL_NAMES[path.protocol] ?? String(path.protocol), ...scopeWords(path));
  if (path.prefsrc) words.push("src", path.prefsrc);
  if (metric !== 0) words.push("metric", String(metric));
  words.push(...metricWords(path.metrics));
  const realms = path.attributes.find(({ type }) => type === FLOW)?.hex;
  if (realms) words.push("realms", realmsText(realms));
  const preference = path.attributes.find(({ type }) => type === PREF)?.hex;
  if (preference && PREF_NAMES[preference]) words.push("pref", PREF_NAMES[preference]);
  if (path.nexthops.length > 1) {
    for (const nexthop of path.nexthops) {
      words.push("nexthop", ...nexthopWords(nexthop, path.family, names), "weight", String(nexthop.weight));
    }
  }
  return words.join(" ");
}

/** IPv6 has no scopes; where `ip` would find the same one, it is left out. */
function scopeWords(path: Path): string[] {
  if (path.family === 6 || isBan(path)) return [];
  const inferred = path.nexthops.some(({ gateway }) => gateway) && path.scope === SCOPE.universe;
  return inferred ? [] : ["scope", SCOPE_NAMES[path.scope] ?? String(path.scope)];
}

function nexthopWords(
  { gateway, ifindex, flags, attributes }: Nexthop,
  family: Family,
  names: Names,
): string[] {
  const words: string[] = [];
  if (gateway) words.push("via", ...(gateway.includes(":") !== (family === 6) ? ["inet6"] : []), gateway);
  words.push("dev", shellWord(names(ifindex)));
  if (flags & ONLINK) words.push("onlink");
  const realms = attributes.find(({ type }) => type === FLOW)?.hex;
  if (realms) words.push("realms", realmsText(realms));
  return words;
}

/** RTA_FLOW: two 16-bit numbers in one word, source above destination. */
function realmsText(hex: string): string {
  const bytes = hex.match(/../g)!.map((byte) => parseInt(byte, 16));
  const [to, from] = [bytes[0] | (bytes[1] << 8), bytes[2] | (bytes[3] << 8)];
  return from ? `${from}/${to}` : String(to);
}

/** A rule as arguments of `ip rule`, without its priority: `from 10.0.0.2 lookup 1002`. */
export function ruleText(rule: Rule): string {
  const words = ["from", rule.from ?? "all"];
  if (rule.to) words.push("to", rule.to);
  if (rule.tos) words.push("tos", `0x${rule.tos.toString(16)}`);
  if (rule.fwmark || rule.fwmask) words.push("fwmark", markText(rule.fwmark, rule.fwmask));
  if (rule.iif) words.push("iif", shellWord(rule.iif));
  if (rule.oif) words.push("oif", shellWord(rule.oif));
  if (rule.more) words.push("(and more)");
  if (rule.l3mdev) words.push("lookup [l3mdev-table]");
  else if (rule.action === ACTION_LOOKUP) words.push("lookup", tableName(rule.table));
  else words.push(ACTION_NAMES[rule.action] ?? `action ${rule.action}`);
  if (rule.goto) words.push(String(rule.goto));
  return words.join(" ");
}

function markText(mark = 0, mask = 0xffffffff): string {
  const text = mark === 0 ? "0" : `0x${mark.toString(16)}`;
  return mask === 0xffffffff ? text : `${text}/0x${mask.toString(16)}`;
}

function tableName(table: number): string {
  const entry = Object.entries(TABLE).find(([name, id]) => id === table && name !== "unspec");
  return entry ? entry[0] : String(table);
}

/** A rule of ours as a whole command: `ip rule add from … lookup … priority … protocol …`. */
export function ruleCommand(verb: "add" | "del", rule: Rule): string {
  const protocol = rule.protocol === 0 ? "" : ` protocol ${rule.protocol}`;
  return `${ipCommand(rule.family)} rule ${verb} ${ruleText(rule)} priority ${rule.priority}${protocol}`;
}

export function linkText(link: Link): string {
  const words = [`${link.ifindex}:`, shellWord(link.name), link.up ? "up" : "down"];
  if (link.kind) words.push("kind", link.kind);
  if (link.master) words.push("master", String(link.master));
  if (link.vrfTable !== undefined) words.push("table", String(link.vrfTable));
  return words.join(" ");
}

export function addressText(address: Address, names: Names): string {
  const ip = address.ip.includes("/") ? address.ip : `${address.ip}/${address.prefixLength}`;
  const words = [address.family === 4 ? "inet" : "inet6", ip];
  if (address.peer) words.push("peer", address.peer);
  words.push(
    "scope",
    SCOPE_NAMES[address.scope] ?? String(address.scope),
    "dev",
    shellWord(names(address.ifindex)),
  );
  return words.join(" ");
}
