/**
 * What the kernel looks up, each once: destination, source prefix and tos, as one number for every table that has it.
 * Typed arrays and a chained hash table, so that a million of them cost no object each.
 */

import { type Family, formatPrefix, type Prefix } from "./address.ts";

const NONE = -1;
const FIRST_CAPACITY = 256;
/** The meta of a key whose number is free: no prefix is that long. */
const DEAD = 0xffffffff;

export class Keys {
  readonly family: Family;
  readonly #width: 1 | 4;
  readonly #sources: string[] = [""];
  #words: Uint32Array;
  #meta = new Uint32Array(FIRST_CAPACITY);
  #next = new Int32Array(FIRST_CAPACITY);
  #buckets = new Int32Array(FIRST_CAPACITY).fill(NONE);
  #end = 0;
  readonly #free: number[] = [];

  constructor(family: Family) {
    this.family = family;
    this.#width = family === 4 ? 1 : 4;
    this.#words = new Uint32Array(FIRST_CAPACITY * this.#width);
  }

  /** One more than the highest number in use. */
  get end(): number {
    return this.#end;
  }

  /** The length, tos and source prefix (its text, or "" for none) of a key as one number. */
  meta(length: number, tos = 0, source = ""): number {
    let id = source === "" ? 0 : this.#sources.indexOf(source);
    if (id < 0) id = this.#sources.push(source) - 1;
    if (id > 0xffff) throw new RangeError("there are more source prefixes than can be told apart");
    return (length | (tos << 8) | (id << 16)) >>> 0;
  }

  /** The source prefixes that keys can have, "" for none. */
  get sources(): readonly string[] {
    return this.#sources;
  }

  /** The number of the key with these words (IPv4 uses the first) and this `meta`, or -1. */
  find(words: ArrayLike<number>, meta: number): number {
    let key = this.#buckets[this.#bucket(words, meta)];
    while (key !== NONE && !this.#is(key, words, meta)) key = this.#next[key];
    return key;
  }

  /** A number for a key that `find` does not know. */
  add(words: ArrayLike<number>, meta: number): number {
    const key = this.#free.pop() ?? this.#end++;
    if (key >= this.#meta.length) this.#grow(key + 1);
    for (let i = 0; i < this.#width; i++) this.#words[key * this.#width + i] = words[i];
    this.#meta[key] = meta;
    this.#link(key);
    return key;
  }

  /** Gives a key's number up, for another key. */
  release(key: number): void {
    this.#unlink(key);
    this.#meta[key] = DEAD;
    this.#free.push(key);
  }

  isReleased(key: number): boolean {
    return this.#meta[key] === DEAD;
  }

  length(key: number): number {
    return this.#meta[key] & 0xff;
  }

  tos(key: number): number {
    return (this.#meta[key] >>> 8) & 0xff;
  }

  /** The source prefix of an IPv6 source-specific route, "" where there is none. */
  source(key: number): string {
    return this.#sources[this.#meta[key] >>> 16];
  }

  /** How narrow a key is: the kernel takes the longest prefix, and of one prefix what is for a source or a tos alone. */
  rank(key: number): number {
    const source = this.source(key), length = source === "" ? 0 : Number(source.split("/")[1] ?? 128) + 1;
    return (this.length(key) << 8) + (this.tos(key) === 0 ? length : length + 1);
  }

  /** All of an IPv4 destination, the first 32 bits of an IPv6 one. */
  firstWord(key: number): number {
    return this.#words[key * this.#width];
  }

  /** Copies the destination's words to the start of `target`. */
  copyWords(key: number, target: Uint32Array): void {
    for (let i = 0; i < this.#width; i++) target[i] = this.#words[key * this.#width + i];
  }

  destination(key: number): Prefix {
    const start = key * this.#width;
    const words = Array.from(this.#words.subarray(start, start + this.#width));
    return { family: this.family, words, length: this.length(key) };
  }

  /** The destination as `ip route` writes it. */
  text(key: number): string {
    return this.length(key) === 0 ? "default" : formatPrefix(this.destination(key));
  }

  #grow(needed: number): void {
    this.#words = grown(this.#words, needed * this.#width);
    this.#meta = grown(this.#meta, needed);
    this.#next = grown(this.#next, needed);
    this.#buckets = new Int32Array(this.#meta.length).fill(NONE);
    // Only a key that is new at the end makes the table grow, so that no number below it is free.
    for (let key = 0; key < needed - 1; key++) this.#link(key);
  }

  #link(key: number): void {
    const bucket = this.#bucketOf(key);
    this.#next[key] = this.#buckets[bucket];
    this.#buckets[bucket] = key;
  }

  #unlink(key: number): void {
    const bucket = this.#bucketOf(key);
    if (this.#buckets[bucket] === key) {
      this.#buckets[bucket] = this.#next[key];
      return;
    }
    let before = this.#buckets[bucket];
    while (this.#next[before] !== key) before = this.#next[before];
    this.#next[before] = this.#next[key];
  }

  #is(key: number, words: ArrayLike<number>, meta: number): boolean {
    if (this.#meta[key] !== meta) return false;
    for (let i = 0; i < this.#width; i++) if (this.#words[key * this.#width + i] !== words[i]) return false;
    return true;
  }

  #bucketOf(key: number): number {
    return this.#bucket(this.#words, this.#meta[key], key * this.#width);
  }

  #bucket(words: ArrayLike<number>, meta: number, start = 0): number {
    let hash = meta;
    for (let i = start; i < start + this.#width; i++) {
      hash = Math.imul(hash ^ words[i], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash, 0x85ebca6b);
    return (hash ^ (hash >>> 13)) & (this.#buckets.length - 1);
  }
}

/** `array`, with room for at least `needed` elements: its length times a power of two. */
export function grown<T extends Uint32Array | Int32Array>(array: T, needed: number): T {
  let length = array.length;
  while (length < needed) length *= 2;
  if (length === array.length) return array;
  const larger = new (array.constructor as { new (length: number): T })(length);
  larger.set(array);
  return larger;
}
