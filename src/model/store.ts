/**
 * The routes of one family, compactly: typed arrays instead of an object per route.
 *
 * A *slot* is one route: key (see `Keys`), table, metric, path. A key's slots form a chain, sorted by metric and, at one
 * metric, in the kernel's order. So all that a plan has to see of one key, in main and in its mirrors, lies in one short
 * chain, at any size of the table.
 */

import type { Family } from "./address.ts";
import { grown, Keys } from "./keys.ts";
import type { Paths } from "./paths.ts";
import { TABLE } from "./records.ts";

const NONE = -1;
const FIRST_CAPACITY = 256;

/** A route without its key. */
export interface StoredRoute {
  readonly table: number;
  readonly metric: number;
  /** Its number in `Paths`. */
  readonly path: number;
}

/** The routes of both families. */
export type Stores = Readonly<Record<Family, RouteStore>>;

/** Is told of every route that comes (1) or goes (-1), when it has. */
export type StoreObserver = (key: number, route: StoredRoute, sign: 1 | -1) => void;

export class RouteStore {
  readonly family: Family;
  readonly paths: Paths;
  readonly keys: Keys;
  /** The key of everything: no narrower destination, source or tos. It is there also where it has no route. */
  readonly defaultKey: number;
  observer: StoreObserver = () => {};

  /** Stamped on each slot that is added or seen again. */
  generation = 1;
  readonly #emptied: number[] = [];
  #head = new Int32Array(FIRST_CAPACITY);
  #mainUses: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  #key = new Uint32Array(FIRST_CAPACITY);
  #table = new Uint32Array(FIRST_CAPACITY);
  #metric = new Uint32Array(FIRST_CAPACITY);
  #path = new Uint32Array(FIRST_CAPACITY);
  #next = new Int32Array(FIRST_CAPACITY);
  #seen = new Uint32Array(FIRST_CAPACITY);
  #end = 0;
  readonly #free: number[] = [];

  constructor(family: Family, paths: Paths) {
    this.family = family;
    this.paths = paths;
    this.keys = new Keys(family);
    this.defaultKey = this.key([0, 0, 0, 0], this.keys.meta(0));
  }

  /** How many routes there are, in all tables. */
  get size(): number {
    return this.#end - this.#free.length;
  }

  /** The number of a key; made where it is new. */
  key(words: ArrayLike<number>, meta: number): number {
    const known = this.keys.find(words, meta);
    if (known !== NONE) return known;
    const key = this.keys.add(words, meta);
    this.#head = grown(this.#head, key + 1);
    this.#head[key] = NONE;
    // Until it gets a route it is given up like a key that lost its last one.
    this.#emptied.push(key);
    return key;
  }

  /** The first slot of a key's chain, or -1. */
  first(key: number): number {
    return this.#head[key];
  }

  /** The slot behind `slot` in its chain, or -1. */
  next(slot: number): number {
    return this.#next[slot];
  }

  keyOf(slot: number): number {
    return this.#key[slot];
  }

  table(slot: number): number {
    return this.#table[slot];
  }

  metric(slot: number): number {
    return this.#metric[slot];
  }

  path(slot: number): number {
    return this.#path[slot];
  }

  /** Whether the slot was added or seen in `generation` or later. */
  seenSince(slot: number, generation: number): boolean {
    return this.#seen[slot] >= generation;
  }

  /** Every key that has a route. */
  *routedKeys(): Generator<number> {
    for (let key = 0; key < this.keys.end; key++) {
      if (!this.keys.isReleased(key) && this.#head[key] !== NONE) yield key;
    }
  }

  /** Every route's slot; the one just given may be removed. */
  *slots(): Generator<number> {
    for (const key of this.routedKeys()) {
      for (let slot = this.#head[key], next = NONE; slot !== NONE; slot = next) {
        next = this.#next[slot];
        yield slot;
      }
    }
  }

  /** The numbers of the paths that routes of main have. */
  mainPaths(): number[] {
    const used: number[] = [];
    for (let path = 1; path < this.#mainUses.length; path++) if (this.#mainUses[path] > 0) used.push(path);
    return used;
  }

  /** The numbers of the paths that routes of any table have. */
  usedPaths(): Set<number> {
    const used = new Set<number>();
    for (const slot of this.slots()) used.add(this.#path[slot]);
    return used;
  }

  /** How many routes of main have that path. */
  mainUses(path: number): number {
    return path < this.#mainUses.length ? this.#mainUses[path] : 0;
  }

  /** The slot of exactly this route, or -1. */
  find(key: number, route: StoredRoute): number {
    let slot = this.#head[key];
    while (slot !== NONE && !this.#is(slot, route)) slot = this.#next[slot];
    return slot;
  }

  /** Adds a route behind (or in front of) its equals in metric. One that is there already is only stamped: false. */
  add(key: number, route: StoredRoute, front = false): boolean {
    const known = this.find(key, route);
    if (known !== NONE) {
      this.#seen[known] = this.generation;
      return false;
    }
    const slot = this.#newSlot(key, route);
    this.#link(slot, front);
    this.#count(slot, 1);
    return true;
  }

  /** Puts a route behind those of its table and metric, as a dump tells of them in order; whether any was behind it. */
  moveBack(key: number, route: StoredRoute): boolean {
    const slot = this.find(key, route);
    for (let at = this.#next[slot]; at !== NONE && this.#metric[at] === route.metric; at = this.#next[at]) {
      if (this.#table[at] !== route.table) continue;
      this.#unlink(slot);
      this.#link(slot, false);
      return true;
    }
    return false;
  }

  remove(slot: number): void {
    this.#count(slot, -1);
    this.#unlink(slot);
    this.#free.push(slot);
    const key = this.#key[slot];
    if (this.#head[key] === NONE) this.#emptied.push(key);
  }

  /** Gives up the numbers of keys that have no route any more: only when nobody holds a key's number. */
  collect(): void {
    for (const key of this.#emptied.splice(0)) {
      const isFree = this.#head[key] === NONE && key !== this.defaultKey;
      if (isFree && !this.keys.isReleased(key)) this.keys.release(key);
    }
  }

  #is(slot: number, route: StoredRoute): boolean {
    return this.#path[slot] === route.path && this.#table[slot] === route.table &&
      this.#metric[slot] === route.metric;
  }

  #count(slot: number, sign: 1 | -1): void {
    const path = this.#path[slot], table = this.#table[slot];
    if (table === TABLE.main) {
      this.#mainUses = grown(this.#mainUses, path + 1);
      this.#mainUses[path] += sign;
    }
    this.observer(this.#key[slot], { table, metric: this.#metric[slot], path }, sign);
  }

  #link(slot: number, front: boolean): void {
    const key = this.#key[slot], metric = this.#metric[slot];
    let before = NONE;
    for (let at = this.#head[key]; at !== NONE; at = this.#next[at]) {
      if (this.#metric[at] > metric || (front && this.#metric[at] === metric)) break;
      before = at;
    }
    this.#next[slot] = before === NONE ? this.#head[key] : this.#next[before];
    if (before === NONE) this.#head[key] = slot;
    else this.#next[before] = slot;
  }

  #unlink(slot: number): void {
    const key = this.#key[slot];
    if (this.#head[key] === slot) {
      this.#head[key] = this.#next[slot];
      return;
    }
    let before = this.#head[key];
    while (this.#next[before] !== slot) before = this.#next[before];
    this.#next[before] = this.#next[slot];
  }

  #newSlot(key: number, route: StoredRoute): number {
    const slot = this.#free.pop() ?? this.#end++;
    if (slot >= this.#key.length) {
      this.#key = grown(this.#key, slot + 1);
      this.#table = grown(this.#table, slot + 1);
      this.#metric = grown(this.#metric, slot + 1);
      this.#path = grown(this.#path, slot + 1);
      this.#next = grown(this.#next, slot + 1);
      this.#seen = grown(this.#seen, slot + 1);
    }
    this.#key[slot] = key;
    this.#table[slot] = route.table;
    this.#metric[slot] = route.metric;
    this.#path[slot] = route.path;
    this.#seen[slot] = this.generation;
    return slot;
  }
}
