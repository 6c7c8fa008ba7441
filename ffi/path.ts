/** How a route forwards, between netlink's attributes and our record. Source: linux/rtnetlink.h, net/ipv4/fib_semantics.c. */

import { type Family, formatIp, parseIp } from "../src/model/address.ts";
import { type Attribute, isBan, type Metric, type Nexthop, ONLINK, type Path } from "../src/model/records.ts";
import { CONGESTION_CONTROL } from "../src/model/metrics.ts";
import { AF_INET, AF_INET6, attributes, type RawAttribute, swap32 } from "./message.ts";

/** Attributes of a route (`enum rtattr_type_t`). */
export const RTA = {
  dst: 1,
  src: 2,
  oif: 4,
  gateway: 5,
  priority: 6,
  prefsrc: 7,
  metrics: 8,
  multipath: 9,
  flow: 11,
  cacheinfo: 12,
  table: 15,
  via: 18,
  newdst: 19,
  pref: 20,
  encapType: 21,
  encap: 22,
  expires: 23,
  pad: 24,
  nhId: 30,
} as const;

/** RTAX_FASTOPEN_NO_COOKIE: RTAX_MAX since Linux 4.15. */
const LAST_METRIC = 17;

/** What belongs to a next hop, whether it stands in the route or in a multipath attribute. */
const NEXTHOP_ATTRIBUTES: readonly number[] = [RTA.flow, RTA.newdst, RTA.encapType, RTA.encap];

/** What a path is made from: header fields, and attributes from `start` to `end`. */
export interface RawPath {
  readonly family: Family;
  readonly type: number;
  readonly protocol: number;
  readonly scope: number;
  readonly flags: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export function decodePath(raw: RawPath): Path {
  const single = new NexthopParts(raw.flags);
  let nexthops: Nexthop[] = [];
  let prefsrc: string | undefined;
  let metrics: Metric[] = [];
  const others: Attribute[] = [];
  for (const attribute of attributes(raw.bytes, raw.start, raw.end)) {
    if (single.take(attribute)) continue;
    else if (attribute.type === RTA.prefsrc) prefsrc = ipText(attribute.payload);
    else if (attribute.type === RTA.metrics) metrics = decodeMetrics(attribute.payload);
    else if (attribute.type === RTA.multipath) nexthops = decodeMultipath(attribute.payload);
    else others.push(verbatim(attribute));
  }
  if (single.ifindex !== 0) nexthops = [single.nexthop(1)];
  const { family, type, protocol, scope } = raw;
  const path: Path = {
    family,
    type,
    protocol,
    scope,
    nexthops,
    prefsrc,
    metrics,
    attributes: byType(others),
  };
  // The kernel tells of a ban in IPv6 as of a route through lo.
  return isBan(path) ? { ...path, nexthops: [], attributes: byType([...others, ...single.others]) } : path;
}

/** A next hop as it is put together from attributes. */
class NexthopParts {
  ifindex = 0;
  gateway?: string;
  readonly others: Attribute[] = [];

  constructor(readonly flags: number) {}

  /** Whether the attribute is part of a next hop, and so has been taken. */
  take(attribute: RawAttribute): boolean {
    const { type, payload } = attribute;
    if (type === RTA.oif) this.ifindex = word(payload);
    else if (type === RTA.gateway) this.gateway = ipText(payload);
    else if (type === RTA.via) this.gateway = ipText(payload.subarray(2));
    else if (NEXTHOP_ATTRIBUTES.includes(type)) this.others.push(verbatim(attribute));
    else return false;
    return true;
  }

  nexthop(weight: number): Nexthop {
    const { ifindex, gateway } = this;
    return { ifindex, gateway, weight, flags: this.flags & ONLINK, attributes: byType(this.others) };
  }
}

/** `struct rtnexthop`: length (2 bytes), flags, weight - 1, ifindex (4), then attributes. */
function decodeMultipath(payload: Uint8Array): Nexthop[] {
  const nexthops: Nexthop[] = [];
  const view = new DataView(payload.buffer, payload.byteOffset);
  for (let at = 0; at + 8 <= payload.length;) {
    const size = view.getUint16(at, true);
    if (size < 8 || at + size > payload.length) break;
    const parts = new NexthopParts(payload[at + 2]);
    parts.ifindex = view.getInt32(at + 4, true);
    for (const attribute of attributes(payload, at + 8, at + size)) parts.take(attribute);
    nexthops.push(parts.nexthop(payload[at + 3] + 1));
    at += (size + 3) & ~3;
  }
  return nexthops.length === 1 ? [{ ...nexthops[0], weight: 1 }] : nexthops;
}

function decodeMetrics(payload: Uint8Array): Metric[] {
  const metrics = [...attributes(payload, 0, payload.length)].map(({ type, payload }): Metric => {
    if (type !== CONGESTION_CONTROL) return [type, word(payload)];
    return [type, new TextDecoder().decode(payload).replace(/\0.*$/, "")];
  });
  return metrics.sort(([a], [b]) => a - b);
}

/** A path's attributes, and its header's flags, ready to be put into requests. */
export interface EncodedPath {
  readonly bytes: Uint8Array;
  readonly flags: number;
}

/**
 * The path as a request that deletes it: with every metric, those that it does not have as 0, because a metric that is
 * left out matches any value (fib_metrics_match, net/ipv4/fib_semantics.c).
 */
export function encodePathExactly(path: Path): EncodedPath {
  const values = new Map(path.metrics);
  const metrics: Metric[] = [];
  for (let id = 1; id <= LAST_METRIC; id++) {
    const value = values.get(id) ?? (id === CONGESTION_CONTROL ? undefined : 0);
    if (value !== undefined) metrics.push([id, value]);
  }
  return encodePath({ ...path, metrics });
}

export function encodePath(path: Path): EncodedPath {
  const out: number[] = [];
  const [only, second] = path.nexthops;
  if (second) putMultipath(out, path);
  else if (only) {
    putNexthop(out, only, path.family);
    put(out, RTA.oif, wordBytes(only.ifindex));
  }
  if (path.prefsrc) put(out, RTA.prefsrc, ipBytes(path.prefsrc));
  if (path.metrics.length > 0) put(out, RTA.metrics, path.metrics.flatMap(metricBytes));
  for (const { type, hex } of path.attributes) put(out, type, fromHex(hex));
  return { bytes: Uint8Array.from(out), flags: only && !second ? only.flags : 0 };
}

/** All of a next hop but its device. */
function putNexthop(out: number[], { gateway, attributes }: Nexthop, family: Family): void {
  if (gateway) {
    const bytes = ipBytes(gateway);
    const other = (bytes.length === 4) !== (family === 4);
    if (other) put(out, RTA.via, [bytes.length === 4 ? AF_INET : AF_INET6, 0, ...bytes]);
    else put(out, RTA.gateway, bytes);
  }
  for (const { type, hex } of attributes) put(out, type, fromHex(hex));
}

function putMultipath(out: number[], { nexthops, family }: Path): void {
  const payload: number[] = [];
  for (const nexthop of nexthops) {
    const inner: number[] = [];
    putNexthop(inner, nexthop, family);
    const size = 8 + inner.length;
    payload.push(size & 255, size >>> 8, nexthop.flags, nexthop.weight - 1);
    payload.push(...wordBytes(nexthop.ifindex), ...inner);
  }
  put(out, RTA.multipath, payload);
}

function metricBytes([id, value]: Metric): number[] {
  const out: number[] = [];
  put(out, id, typeof value === "number" ? wordBytes(value) : new TextEncoder().encode(`${value}\0`));
  return out;
}

/** Appends an attribute, padded to four bytes. */
function put(out: number[], type: number, payload: ArrayLike<number>): void {
  const size = payload.length + 4;
  out.push(size & 255, size >>> 8, type & 255, type >>> 8);
  for (let i = 0; i < payload.length; i++) out.push(payload[i]);
  while (out.length % 4 !== 0) out.push(0);
}

export function byType(list: Attribute[]): Attribute[] {
  return list.sort((a, b) => a.type - b.type);
}

export function verbatim({ type, payload }: RawAttribute): Attribute {
  return { type, hex: Array.from(payload, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}

function fromHex(hex: string): number[] {
  return (hex.match(/../g) ?? []).map((byte) => parseInt(byte, 16));
}

/** The number in a payload; 0 where that is too short for one. */
export function word(payload: Uint8Array): number {
  if (payload.length < 4) return 0;
  return new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
}

function wordBytes(value: number): number[] {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
}

/** The text of an address of 4 or 16 bytes. */
export function ipText(payload: Uint8Array): string {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const words = Array.from({ length: payload.length >>> 2 }, (_, i) => view.getUint32(4 * i));
  return formatIp(words.length === 1 ? 4 : 6, words);
}

/** The bytes of an address, in network order. */
export function ipBytes(text: string): number[] {
  const parsed = parseIp(text);
  if (!parsed) throw new TypeError(`not an address: ${text}`);
  return parsed.words.flatMap((value) => wordBytes(swap32(value)));
}

/** The number of an address family in C. */
export function familyNumber(family: Family): number {
  return family === 4 ? AF_INET : AF_INET6;
}
