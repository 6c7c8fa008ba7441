/** Reads tables so that what is absent is known to be absent. */

import type { Kernel, RouteFields } from "./kernel/kernel.ts";
import { keyOf, type Listener } from "./listener.ts";
import { devices } from "./model/paths.ts";
import type { Stores } from "./model/store.ts";
import type { Doubt } from "./stale.ts";

/** How often a table is read again at once because routes changed meanwhile. */
const ATTEMPTS = 5;

interface Surroundings {
  readonly stores: Stores;
  readonly listener: Listener;
  /** Takes up the notifications that have arrived. */
  readonly drain: () => void;
}

export class TableReader {
  readonly #kernel: Kernel;
  readonly #stores: Stores;
  readonly #listener: Listener;
  readonly #drain: () => void;

  constructor(kernel: Kernel, { stores, listener, drain }: Surroundings) {
    this.#kernel = kernel;
    this.#stores = stores;
    this.#listener = listener;
    this.#drain = drain;
  }

  /** Reads until nothing happened meanwhile; false where that could not be had, and nothing has been taken away then. */
  read(doubt: Doubt): boolean {
    const { family } = doubt, store = this.#stores[family];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const heard = this.#listener.heardRoutes[family];
      const generation = ++store.generation;
      const isNew = store.size === 0;
      this.#kernel.readRoutes(doubt, (fields) => this.#see(fields));
      this.#drain();
      if (this.#listener.heardRoutes[family] !== heard) continue;
      if (!isNew) this.#purge(doubt, generation);
      return true;
    }
    return false;
  }

  #see(fields: RouteFields): void {
    const store = this.#stores[fields.family];
    const key = keyOf(store, fields);
    if (store.add(key, fields) || store.moveBack(key, fields)) this.#listener.touch(fields.family, key);
  }

  #purge({ family, table, ifindex }: Doubt, generation: number): void {
    const store = this.#stores[family];
    for (const slot of store.slots()) {
      if (store.table(slot) !== table || store.seenSince(slot, generation)) continue;
      if (ifindex !== undefined && !devices(store.paths.get(store.path(slot))).includes(ifindex)) continue;
      this.#listener.touch(family, store.keyOf(slot));
      store.remove(slot);
    }
  }
}
