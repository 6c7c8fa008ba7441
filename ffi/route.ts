/** Routes between netlink messages (`struct rtmsg`, linux/rtnetlink.h) and the numbers of our store. */

import { bits, type Family, formatPrefix, parsePrefix } from "../src/model/address.ts";
import type { Paths } from "../src/model/paths.ts";
import { ONLINK, TYPE } from "../src/model/records.ts";
import { AF_INET, AF_INET6, HEADER_BYTES, MESSAGE, type Message, swap32 } from "./message.ts";
import {
  decodePath,
  type EncodedPath,
  encodePath,
  encodePathExactly,
  familyNumber,
  ipBytes,
  ipText,
  RTA,
} from "./path.ts";
import { NexthopObjects } from "./nexthop.ts";
import { RawCache } from "./raw_cache.ts";
import type { Writer } from "./request.ts";

/** `struct rtmsg` behind the header, in words. */
const BODY_WORDS = 3;
const FIRST_ATTRIBUTE = HEADER_BYTES / 4 + BODY_WORDS;
const ROUTE_BYTES = FIRST_ATTRIBUTE * 4;
/** A clone made for one flow, or a cached route: no entry of a table. */
const RTM_F_CLONED = 0x200;
/** Headers, key, table and priority, and, in a delete, every metric. */
const MOST_BESIDE_PATH = 96 + 17 * 8;

/** One route, as numbers. */
export interface RouteFields {
  family: Family;
  /** The destination: one word for IPv4, four for IPv6. */
  readonly words: Uint32Array;
  length: number;
  tos: number;
  /** The source prefix of a source-specific route, or "". */
  source: string;
  table: number;
  metric: number;
  /** Its number in `Paths`. */
  path: number;
}

export class RouteCodec {
  /** What routes lead to that tell no more of it than a number. */
  readonly objects = new NexthopObjects();
  readonly #paths: Paths;
  #known = new RawCache();
  #encoded: (EncodedPath | undefined)[] = [];
  #exact: (EncodedPath | undefined)[] = [];
  readonly #fields: RouteFields = {
    family: 4,
    words: new Uint32Array(4),
    length: 0,
    tos: 0,
    source: "",
    table: 0,
    metric: 0,
    path: 0,
  };
  #scratch = new Uint32Array(256);

  constructor(paths: Paths) {
    this.#paths = paths;
  }

  /**
   * The route that a message tells of: one object for all calls. Undefined for a cached route, one of a table that is
   * not `wanted`, and one of neither IPv4 nor IPv6.
   */
  decode({ datagram: { bytes, words }, at, length }: Message, wanted: (table: number) => boolean) {
    if (length < ROUTE_BYTES) return undefined;
    const fields = this.#fields;
    const header = words[at + 4], kind = words[at + 5], flags = words[at + 6];
    const family = header & 0xff;
    if ((family !== AF_INET && family !== AF_INET6) || flags & RTM_F_CLONED) return undefined;
    fields.family = family === AF_INET ? 4 : 6;
    fields.length = (header >>> 8) & 0xff;
    fields.tos = header >>> 24;
    fields.source = "";
    fields.table = kind & 0xff;
    fields.metric = 0;
    fields.words.fill(0);
    const end = at + ((length + 3) >>> 2);
    if (end - at + 2 > this.#scratch.length) this.#scratch = new Uint32Array(2 * (end - at + 2));
    const raw = this.#scratch;
    raw[0] = ((kind & 0xffffff00) | family) >>> 0;
    raw[1] = flags & ONLINK;
    let size = 2, object = 0, isTold = kind >>> 24 !== TYPE.unicast;
    for (let a = at + FIRST_ATTRIBUTE; a < end;) {
      const bytesOfAttribute = words[a] & 0xffff;
      if (bytesOfAttribute < 4 || a * 4 + bytesOfAttribute > at * 4 + length) return undefined;
      const next = a + ((bytesOfAttribute + 3) >>> 2);
      switch ((words[a] >>> 16) & 0x3fff) {
        case RTA.dst:
          if (bytesOfAttribute !== 4 + bits(fields.family) / 8) return undefined;
          for (let i = a + 1; i < next; i++) fields.words[i - a - 1] = swap32(words[i]);
          break;
        case RTA.priority:
          if (bytesOfAttribute !== 8) return undefined;
          fields.metric = words[a + 1];
          break;
        case RTA.table:
          if (bytesOfAttribute !== 8) return undefined;
          fields.table = words[a + 1];
          break;
        case RTA.src:
          fields.source = this.#source(
            bytes.subarray((a + 1) * 4, a * 4 + bytesOfAttribute),
            (header >>> 16) & 0xff,
          );
          break;
        case RTA.nhId:
          object = words[a + 1];
          break;
        case RTA.oif:
        case RTA.multipath:
          isTold = true;
          while (a < next) raw[size++] = words[a++];
          break;
        case RTA.cacheinfo:
        case RTA.expires:
        case RTA.pad:
          break;
        default:
          while (a < next) raw[size++] = words[a++];
      }
      a = next;
    }
    if (!wanted(fields.table)) return undefined;
    if (object !== 0 && !isTold) size = this.#expand(raw, { size, object });
    fields.path = this.#known.get(this.#scratch, size) ?? this.#learn(this.#scratch, size);
    return fields;
  }

  /** Forgets the numbers of all paths: to be called when `Paths` has forgotten some. */
  forgetPaths(): void {
    this.#known = new RawCache();
    this.#encoded = [];
    this.#exact = [];
  }

  /** Puts what the object leads to behind the other attributes; gives their size in words. */
  #expand(raw: Uint32Array, { size, object }: { size: number; object: number }): number {
    const found = this.objects.expansion(object, this.#fields.family);
    if (!found) return size;
    const { words, flags } = found;
    if (size + words.length > raw.length) {
      this.#scratch = new Uint32Array(2 * (size + words.length));
      this.#scratch.set(raw.subarray(0, size));
    }
    this.#scratch.set(words, size);
    this.#scratch[1] |= flags & ONLINK;
    return size + words.length;
  }

  #source(address: Uint8Array, length: number): string {
    const prefix = parsePrefix(`${ipText(address)}/${length}`);
    return prefix && length > 0 ? formatPrefix(prefix) : "";
  }

  #learn(raw: Uint32Array, size: number): number {
    const path = this.#paths.intern(decodePath({
      family: (raw[0] & 0xff) === AF_INET ? 4 : 6,
      protocol: (raw[0] >>> 8) & 0xff,
      scope: (raw[0] >>> 16) & 0xff,
      type: raw[0] >>> 24,
      flags: raw[1],
      bytes: new Uint8Array(raw.buffer),
      start: 8,
      end: size * 4,
    }));
    this.#known.set(raw, size, path);
    return path;
  }

  /** Writes a request about a route. */
  encode(
    writer: Writer,
    route: RouteFields,
    request: { type: number; flags: number; sequence: number },
  ): void {
    const isExact = request.type === MESSAGE.delRoute && route.family === 4;
    const path = this.#paths.get(route.path);
    const { bytes, flags } = isExact ? this.#exactPath(route.path) : this.#encodedPath(route.path);
    const source = route.source === "" ? undefined : parsePrefix(route.source);
    writer.begin(request.type, request);
    writer.word(
      (familyNumber(route.family) | (route.length << 8) | ((source?.length ?? 0) << 16) |
        (route.tos << 24)) >>> 0,
    );
    writer.word(((path.protocol << 8) | (path.scope << 16) | (path.type << 24)) >>> 0);
    writer.word(flags);
    writer.attribute32(RTA.table, route.table);
    if (route.length > 0) {
      const size = bits(route.family) / 32;
      writer.word((4 + 4 * size) | (RTA.dst << 16));
      for (let i = 0; i < size; i++) writer.word(swap32(route.words[i]));
    }
    if (source) {
      writer.word((4 + 16) | (RTA.src << 16));
      writer.raw(Uint8Array.from(ipBytes(formatPrefix({ ...source, length: 128 }))));
    }
    if (route.metric !== 0) writer.attribute32(RTA.priority, route.metric);
    writer.raw(bytes);
    writer.end();
  }

  /** How many bytes `encode` writes at most. */
  encodedSize(path: number): number {
    return this.#encodedPath(path).bytes.length + MOST_BESIDE_PATH;
  }

  #exactPath(id: number): EncodedPath {
    return this.#exact[id] ??= encodePathExactly(this.#paths.get(id));
  }

  #encodedPath(id: number): EncodedPath {
    return this.#encoded[id] ??= encodePath(this.#paths.get(id));
  }
}

/** Writes a request for all routes of a family that are in `table` and, where given, leave by `ifindex`. */
export function writeRouteDump(
  writer: Writer,
  filter: { family: Family; table: number; ifindex?: number },
  request: { type: number; flags: number; sequence: number },
): void {
  writer.begin(request.type, request);
  writer.word(familyNumber(filter.family));
  writer.word(0);
  writer.word(0);
  writer.attribute32(RTA.table, filter.table);
  if (filter.ifindex !== undefined) writer.attribute32(RTA.oif, filter.ifindex);
  writer.end();
}
