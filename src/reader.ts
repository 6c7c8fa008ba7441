/** Reads tables so that what is absent is known to be absent. */

import type { Kernel, RouteFields } from "./kernel/kernel.ts";
import { hasSeveral, keyOf, type Listener } from "./listener.ts";
import { devices } from "./model/paths.ts";
import type { Stores } from "./model/store.ts";
import type { Doubt, Stale } from "./stale.ts";

/** How often a table is read again at once because routes changed meanwhile. */
const ATTEMPTS = 5;

interface Surroundings {
  readonly stores: Stores;
  readonly listener: Listener;
  readonly stale: Stale;
  /** Takes up the notifications that have arrived. */
  readonly drain: () => void;
}

export class TableReader {
  readonly #kernel: Kernel;
  readonly #stores: Stores;
  readonly #listener: Listener;
  readonly #stale: Stale;
  readonly #drain: () => void;

  constructor(kernel: Kernel, { stores, listener, stale, drain }: Surroundings) {
    this.#kernel = kernel;
    this.#stores = stores;
    this.#listener = listener;
    this.#stale = stale;
    this.#drain = drain;
  }

  /**
   * Reads until what was read is all there is; false where that could not be had, and nothing has been taken away then.
   * Dumps of IPv6 miss routes that do not change while others do, those of IPv4 do not: there, what changed meanwhile has
   * been replayed, and that is all.
   */
  read(doubt: Doubt): boolean {
    const { family, table } = doubt, store = this.#stores[family];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const losses = this.#listener.losses, heard = this.#listener.heard(family, table);
      const generation = ++store.generation;
      this.#kernel.readRoutes(doubt, (fields) => this.#see(fields, doubt));
      this.#drain();
      const isQuiet = this.#listener.heard(family, table) === heard;
      const fits = family === 4 && !this.#stale.hasDoubt(family, table);
      if (this.#listener.losses !== losses || !(isQuiet || fits)) continue;
      this.#purge(doubt, generation);
      return true;
    }
    return false;
  }

  #see(fields: RouteFields, { family, table, ifindex }: Doubt): void {
    const store = this.#stores[family];
    const key = keyOf(store, fields);
    if (ifindex === undefined) {
      if (store.add(key, fields) || store.moveBack(key, fields)) this.#listener.touch(family, key);
    } else if (store.add(key, fields)) {
      // Among those that leave by other interfaces its place is not known.
      if (hasSeveral(store, key, table)) this.#stale.doubt({ family, table });
      this.#listener.touch(family, key);
    }
  }

  #purge({ family, table, ifindex }: Doubt, generation: number): void {
    const store = this.#stores[family];
    for (const slot of store.slots()) {
      if (store.table(slot) !== table || store.seenSince(slot, generation)) continue;
      const leaves = devices(store.paths.get(store.path(slot)));
      if (ifindex !== undefined && !leaves.includes(ifindex)) continue;
      if (ifindex !== undefined && leaves.length > 1) {
        // It may live on by its other next hops, as one does whose next hop object is a group.
        this.#stale.doubt({ family, table });
        continue;
      }
      this.#listener.touch(family, store.keyOf(slot));
      store.remove(slot);
    }
  }
}
