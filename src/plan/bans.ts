/** The bans of main, to be asked for what lies above a prefix: in a few look-ups, however many there are. */

import { bits, maskWords, type Prefix } from "../model/address.ts";
import { isBan, TABLE } from "../model/records.ts";
import type { RouteStore } from "../model/store.ts";

export class Bans {
  /** By length: destinations, each with its source prefix. */
  readonly #byLength = new Map<number, Set<string>>();

  get isEmpty(): boolean {
    return this.#byLength.size === 0;
  }

  add({ words, length }: Prefix, source: string): void {
    const name = nameOf(words, source);
    const names = this.#byLength.get(length);
    if (names) names.add(name);
    else this.#byLength.set(length, new Set([name]));
  }

  /** Whether a ban for that source, or for all, covers more than the destination. */
  above({ words, length }: Prefix, source: string): boolean {
    for (const [shorter, names] of this.#byLength) {
      if (shorter >= length) continue;
      const masked = maskWords(words, shorter);
      if (names.has(nameOf(masked, "")) || (source !== "" && names.has(nameOf(masked, source)))) return true;
    }
    return false;
  }
}

function nameOf(words: readonly number[], source: string): string {
  return `${words} ${source}`;
}

/** The bans that main obeys: a better route of the same key outdoes one. Nothing lies beneath one of full length. */
export function findBans(store: RouteStore): Bans {
  const bans = new Bans();
  for (const key of store.routedKeys()) {
    if (store.keys.length(key) === bits(store.family)) continue;
    let slot = store.first(key);
    while (slot >= 0 && store.table(slot) !== TABLE.main) slot = store.next(slot);
    if (slot < 0 || !isBan(store.paths.get(store.path(slot)))) continue;
    bans.add(store.keys.destination(key), store.keys.source(key));
  }
  return bans;
}
