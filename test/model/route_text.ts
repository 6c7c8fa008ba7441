// Reads routes as `ip route show` and `ip -6 route show` print them.

import { type Family, parsePrefix, type Prefix } from "../../src/model/address.ts";
import { parseMetric, withOverrides } from "../../src/model/metrics.ts";
import {
  type Attribute,
  isBan,
  type Metric,
  type Nexthop,
  ONLINK,
  type Path,
  SCOPE,
  TABLE,
  TYPE,
} from "../../src/model/records.ts";
import { numbered, Words } from "./words.ts";

/** A route with all that a store wants to know of it. */
export interface ReadRoute {
  readonly destination: Prefix;
  readonly source: string;
  readonly tos: number;
  readonly table: number;
  readonly metric: number;
  readonly path: Path;
}

/** What `ip` calls an interface, as its ifindex. */
export type Indexes = (name: string) => number;

const PROTOCOLS = {
  redirect: 1,
  kernel: 2,
  boot: 3,
  static: 4,
  ra: 9,
  zebra: 11,
  bird: 12,
  dhcp: 16,
  bgp: 186,
  ospf: 188,
} as const;
const SCOPES = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;
const PREFERENCES: Readonly<Record<string, string>> = { medium: "00", high: "01", low: "03" };
const PREF = 20;
const FLOW = 11;
/** What the kernel found out, and a mirror does not have. */
const FOUND_OUT = new Set(["linkdown", "dead", "offload", "rt_offload", "trap"]);

interface Draft {
  family: Family;
  source: string;
  tos: number;
  table: number;
  metric: number;
  type: number;
  protocol: number;
  scope: number;
  prefsrc?: string;
  metrics: Metric[];
  attributes: Attribute[];
  nexthops: { -readonly [P in keyof Nexthop]: Nexthop[P] }[];
}

export function readRoute(
  text: string,
  { family, indexes }: { family: Family; indexes: Indexes },
): ReadRoute {
  const words = new Words(text);
  const type = words.peek() !== undefined && Object.hasOwn(TYPE, words.peek()!)
    ? TYPE[words.next() as keyof typeof TYPE]
    : TYPE.unicast;
  const destination = readPrefix(words.next(), family);
  const draft: Draft = {
    ...{ family, type, source: "", tos: 0, table: type === TYPE.local ? TABLE.local : TABLE.main, metric: 0 },
    // `ip route` leaves out what it would assume itself.
    ...{ protocol: PROTOCOLS.boot, scope: type === TYPE.local ? SCOPE.host : SCOPE.universe },
    ...{ metrics: [], attributes: [], nexthops: [] },
  };
  while (words.peek() !== undefined) readWord(words, draft, indexes);
  return finished(destination, draft);
}

function readPrefix(text: string, family: Family): Prefix {
  const all = family === 4 ? "0.0.0.0/0" : "::/0";
  const prefix = parsePrefix(text === "default" ? all : text);
  if (prefix?.family !== family) throw new SyntaxError(`not an IPv${family} prefix: ${text}`);
  return prefix;
}

function readWord(words: Words, draft: Draft, indexes: Indexes): void {
  const word = words.next();
  if (FOUND_OUT.has(word)) return;
  switch (word) {
    case "nexthop":
      draft.nexthops.push({ ifindex: 0, weight: 1, flags: 0, attributes: [] });
      return;
    case "via":
      if (words.peek() === "inet6" || words.peek() === "inet") words.next();
      nexthopOf(draft).gateway = words.next();
      return;
    case "dev":
      nexthopOf(draft).ifindex = indexes(words.next());
      return;
    case "onlink":
      nexthopOf(draft).flags = ONLINK;
      return;
    case "weight":
      nexthopOf(draft).weight = Number(words.next());
      return;
    case "realms":
      nexthopOf(draft).attributes = [{ type: FLOW, hex: realmsHex(words.next()) }];
      return;
    case "table":
      draft.table = numbered(words.next(), TABLE);
      return;
    case "proto":
      draft.protocol = numbered(words.next(), PROTOCOLS);
      return;
    case "scope":
      draft.scope = numbered(words.next(), SCOPES);
      return;
    case "src":
      draft.prefsrc = words.next();
      return;
    case "metric":
      draft.metric = Number(words.next());
      return;
    case "tos":
      draft.tos = Number(words.next());
      return;
    case "from":
      draft.source = words.next();
      return;
    case "pref":
      draft.attributes.push({ type: PREF, hex: PREFERENCES[words.next()] });
      return;
    case "expires":
    case "error":
      words.next();
      return;
    default:
      return readMetric(word, words, draft);
  }
}

function readMetric(name: string, words: Words, draft: Draft): void {
  const lock = words.peek() === "lock" ? `${words.next()} ` : "";
  draft.metrics = withOverrides(draft.metrics, [parseMetric(`${name}=${lock}${words.next()}`)]);
}

function nexthopOf({ nexthops }: Draft): Draft["nexthops"][number] {
  if (nexthops.length === 0) nexthops.push({ ifindex: 0, weight: 1, flags: 0, attributes: [] });
  return nexthops.at(-1)!;
}

function realmsHex(text: string): string {
  const [to, from = 0] = text.split("/").map(Number).reverse();
  return [to & 255, to >>> 8, from & 255, from >>> 8].map((byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
}

function finished(destination: Prefix, draft: Draft): ReadRoute {
  const { family, type, protocol, scope, prefsrc, metrics, attributes } = draft;
  // The kernel tells of a preference with every IPv6 route.
  if (family === 6 && attributes.length === 0) attributes.push({ type: PREF, hex: PREFERENCES.medium });
  const path: Path = {
    family,
    type,
    protocol,
    scope,
    nexthops: draft.nexthops,
    prefsrc,
    metrics,
    attributes,
  };
  const { source, tos, table, metric } = draft;
  // It shows an IPv6 ban as if it led to lo.
  const nexthops = isBan(path) ? [] : path.nexthops;
  return { destination, source, tos, table, metric, path: { ...path, nexthops } };
}
