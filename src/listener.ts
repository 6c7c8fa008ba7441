/** What notifications do: they change the routes in the stores, and say what is dirty or stale. They decide nothing. */

import type { EventHandler } from "./kernel/events.ts";
import type { RouteFields } from "./kernel/kernel.ts";
import type { Family } from "./model/address.ts";
import { TABLE } from "./model/records.ts";
import { replay } from "./model/replay.ts";
import type { RouteStore, Stores } from "./model/store.ts";
import { LOWEST_TABLE } from "./plan/ownership.ts";
import type { Stale } from "./stale.ts";

/** The keys of one family whose routes have changed; `all` for every one. */
export interface Dirty {
  all: boolean;
  readonly keys: Set<number>;
}

export class Listener implements EventHandler {
  readonly dirty: Readonly<Record<Family, Dirty>> = {
    4: { all: true, keys: new Set() },
    6: { all: true, keys: new Set() },
  };
  readonly #watched: Readonly<Record<Family, Set<number>>> = { 4: new Set(), 6: new Set() };
  /** How often notifications were lost. */
  losses = 0;
  readonly #heard = new Map<number, number>();
  /** The keys of which a route of main has gone. */
  readonly gone: Readonly<Record<Family, Set<number>>> = { 4: new Set(), 6: new Set() };
  /** By table of ours, or that may become ours: the keys whose routes another program has changed there. */
  readonly meddled: Readonly<Record<Family, Map<number, Set<number>>>> = { 4: new Map(), 6: new Map() };
  readonly #stores: Stores;
  readonly #stale: Stale;

  constructor(stores: Stores, stale: Stale) {
    this.#stores = stores;
    this.#stale = stale;
  }

  /** Takes up what is told of a table from now on. */
  watch(family: Family, table: number): void {
    this.#watched[family].add(table);
  }

  /** No longer takes up what is told of a table. */
  forget(family: Family, table: number): void {
    this.#watched[family].delete(table);
    this.#heard.delete(tableKey(family, table));
  }

  /** How many changes of that table by others have been heard of. */
  heard(family: Family, table: number): number {
    return this.#heard.get(tableKey(family, table)) ?? 0;
  }

  /** Makes a key dirty. */
  touch(family: Family, key: number): void {
    const dirty = this.dirty[family];
    if (!dirty.all) dirty.keys.add(key);
  }

  /** The tables whose routes are in the stores. */
  get watched(): Readonly<Record<Family, ReadonlySet<number>>> {
    return this.#watched;
  }

  wants(table: number): boolean {
    return this.#watched[4].has(table) || this.#watched[6].has(table);
  }

  route(fields: RouteFields, event: Parameters<EventHandler["route"]>[1]): void {
    const { family, table } = fields, store = this.#stores[family];
    if (!this.#watched[family].has(table)) return;
    if (event.by !== "us") this.#heard.set(tableKey(family, table), this.heard(family, table) + 1);
    const key = keyOf(store, fields);
    // A delete of ours may hit another route than was meant, where several differ in what it cannot name.
    const isSure = event.by === "us" && !(event.op === "delete" && hasSeveral(store, key, table));
    const effect = replay(store, { ...event, key, route: fields });
    // In IPv6 the kernel tells of an address's network before it tells of the address.
    if (family === 6 && event.by === "kernel" && event.op === "new") this.#stale.addresses = true;
    if (effect === "doubt" || effect === "partly") this.#stale.doubt({ family, table });
    if (effect !== "none" && !isSure) this.touch(family, key);
    const isKnown = effect === "changed" || effect === "partly";
    if (isKnown && table === TABLE.main && (event.op === "delete" || event.replace)) {
      this.gone[family].add(key);
    }
    if (effect === "none" || event.by !== "another" || table < LOWEST_TABLE) return;
    const keys = this.meddled[family].get(table);
    if (keys) keys.add(key);
    else this.meddled[family].set(table, new Set([key]));
  }

  rule(): void {
    this.#stale.rules = true;
  }

  link(lost: number | undefined): void {
    this.#stale.links = true;
    if (lost !== undefined) this.#stale.lost.add(lost);
  }

  address(gone: Parameters<EventHandler["address"]>[0]): void {
    this.#stale.addresses = true;
    if (!gone) return;
    this.#stale.goneSources[gone.family].add(gone.ip);
    if (gone.family === 4) this.#stale.lost.add(gone.ifindex);
  }

  forwarding(): void {
    this.#stale.forwarding = true;
  }

  nexthopChanged(): void {
    this.#stale.nexthopChanged = true;
  }
}

function tableKey(family: Family, table: number): number {
  return table * 10 + family;
}

/** The number of the key that a route has. */
export function keyOf(store: RouteStore, { words, length, tos, source }: RouteFields): number {
  return store.key(words, store.keys.meta(length, tos, source));
}

/** Whether a table has several routes of one key. */
export function hasSeveral(store: RouteStore, key: number, table: number): boolean {
  let routes = 0;
  for (let slot = store.first(key); slot >= 0; slot = store.next(slot)) {
    if (store.table(slot) === table) routes++;
  }
  return routes > 1;
}
