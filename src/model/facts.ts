/**
 * What the roles of interfaces depend on in main, kept while routes come and go, so that one changed route costs the
 * same at any size of the table.
 */

import type { Family } from "./address.ts";
import { devices } from "./paths.ts";
import { isBan, type Path, TABLE } from "./records.ts";
import type { RouteStore, StoredRoute } from "./store.ts";

/** Global unicast by its first 32 bits: 0.0.0.0 to 223.255.255.255, and 2000::/3 (RFC 4291, 2.4). */
const WORLD: Readonly<Record<Family, { start: number; end: number }>> = {
  4: { start: 0, end: 0xe0000000 },
  6: { start: 0x20000000, end: 0x40000000 },
};

/** How much of the world an interface's prefixes cover; all in units of 2^-32 of the address space. */
interface Coverage {
  /** Without regard to prefixes inside each other: never less than what is covered. */
  sum: number;
  /** What is covered, as of the last count. */
  exact?: number;
  /** How much has come or gone since then. */
  moved: number;
}

export class MainFacts {
  readonly #store: RouteStore;
  readonly #half: number;
  readonly #defaults = new Map<number, number>();
  readonly #coverage = new Map<number, Coverage>();
  readonly #tables = new Map<number, number>();
  readonly #anyIp = new Map<number, number>();
  readonly #bans = new Map<number, number>();
  #version = 0;
  #banVersion = 0;
  #anyIpVersion = 0;

  /** Becomes the observer of `store`, which is to be empty. */
  constructor(store: RouteStore) {
    this.#store = store;
    this.#half = (WORLD[store.family].end - WORLD[store.family].start) / 2;
    store.observer = (key, route, sign) => this.#note(key, route, sign);
  }

  /** Changes whenever a role, a ban or an AnyIP address may have changed. */
  get version(): number {
    return this.#version;
  }

  /** Changes whenever an AnyIP route comes or goes. */
  get anyIpVersion(): number {
    return this.#anyIpVersion;
  }

  /** Changes whenever a ban of main comes or goes, or may begin or cease to hold. */
  get banVersion(): number {
    return this.#banVersion;
  }

  hasDefault(ifindex: number): boolean {
    return this.#defaults.has(ifindex);
  }

  /** The interfaces on which main has a route with a gateway. */
  gatewayDevices(): Set<number> {
    const { paths } = this.#store;
    const nexthops = this.#store.mainPaths().flatMap((id) => paths.get(id).nexthops);
    return new Set(nexthops.filter(({ gateway }) => gateway).map(({ ifindex }) => ifindex));
  }

  /** The keys of main that have a ban, whether it holds or not. */
  get banKeys(): Iterable<number> {
    return this.#bans.keys();
  }

  /** Whether the interface's prefixes together cover more than half of global unicast. */
  coversWorld(ifindex: number): boolean {
    const coverage = this.#coverage.get(ifindex);
    if (!coverage || coverage.sum <= this.#half) return false;
    if (this.#inDoubt(coverage)) {
      coverage.exact = this.#union(ifindex);
      coverage.moved = 0;
    }
    return coverage.exact! > this.#half;
  }

  /** How many routes a table has. */
  tableSize(table: number): number {
    return this.#tables.get(table) ?? 0;
  }

  hasAnyIp(): boolean {
    return this.#anyIp.size > 0;
  }

  /** The keys of local routes that make a prefix ours without an address on the interface. */
  get anyIpKeys(): Iterable<number> {
    return this.#anyIp.keys();
  }

  #note(key: number, route: StoredRoute, sign: 1 | -1): void {
    if (route.table === TABLE.main) this.#noteMain(key, route.path, sign);
    else if (route.table === TABLE.local) this.#noteLocal(key, sign);
    else count(this.#tables, route.table, sign);
  }

  #noteLocal(key: number, sign: 1 | -1): void {
    count(this.#anyIp, key, sign);
    this.#anyIpVersion++;
    this.#version++;
  }

  #noteMain(key: number, id: number, sign: 1 | -1): void {
    const { keys, paths } = this.#store;
    const path = paths.get(id);
    // A ban holds, or not, as the other routes of its key say.
    if (isBan(path) || this.#bans.has(key)) {
      this.#banVersion++;
      this.#version++;
    }
    if (isBan(path)) {
      count(this.#bans, key, sign);
      return;
    }
    const uses = this.#store.mainUses(id);
    if (uses === (sign > 0 ? 1 : 0) && path.nexthops.some(({ gateway }) => gateway)) this.#version++;
    if (keys.length(key) === 0) {
      for (const ifindex of devices(path)) count(this.#defaults, ifindex, sign);
      this.#version++;
      return;
    }
    const size = this.#sizeInWorld(key);
    if (size > 0) { for (const ifindex of devices(path)) this.#cover(ifindex, sign * size); }
  }

  #cover(ifindex: number, size: number): void {
    let coverage = this.#coverage.get(ifindex);
    if (!coverage) this.#coverage.set(ifindex, coverage = { sum: 0, moved: 0 });
    coverage.sum += size;
    coverage.moved += Math.abs(size);
    if (this.#inDoubt(coverage)) this.#version++;
  }

  /** Whether so much has changed since the last count that the answer may be another. */
  #inDoubt({ sum, exact, moved }: Coverage): boolean {
    return exact === undefined ? sum > this.#half : moved >= Math.abs(exact - this.#half);
  }

  #sizeInWorld(key: number): number {
    const { start, end } = this.#interval(key);
    return Math.max(0, end - start);
  }

  #interval(key: number): { start: number; end: number } {
    const { keys, family } = this.#store;
    const world = WORLD[family];
    const start = keys.firstWord(key) + (family === 6 ? keys.destination(key).words[1] / 2 ** 32 : 0);
    const size = 2 ** (32 - keys.length(key));
    return { start: Math.max(start, world.start), end: Math.min(start + size, world.end) };
  }

  #union(ifindex: number): number {
    const { paths } = this.#store;
    const intervals: { start: number; end: number }[] = [];
    for (const slot of this.#store.slots()) {
      if (this.#store.table(slot) !== TABLE.main) continue;
      const key = this.#store.keyOf(slot);
      if (this.#store.keys.length(key) === 0) continue;
      const path: Path = paths.get(this.#store.path(slot));
      if (path.nexthops.some((nexthop) => nexthop.ifindex === ifindex)) intervals.push(this.#interval(key));
    }
    intervals.sort((a, b) => a.start - b.start);
    let covered = 0, reached = -Infinity;
    for (const { start, end } of intervals) {
      covered += Math.max(0, end - Math.max(start, reached));
      reached = Math.max(reached, end);
    }
    return covered;
  }
}

/** Counts up or down; what comes to nothing is forgotten. */
function count(counts: Map<number, number>, key: number, sign: 1 | -1): void {
  const number = (counts.get(key) ?? 0) + sign;
  if (number > 0) counts.set(key, number);
  else counts.delete(key);
}
