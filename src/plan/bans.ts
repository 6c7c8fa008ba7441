/** The bans of main, to be asked for what lies above a key. */

import { Above } from "../model/above.ts";
import { bits } from "../model/address.ts";
import { isBan, TABLE } from "../model/records.ts";
import type { ObservedFamily } from "./observed.ts";

/** The bans that main obeys: a better route of the same key outdoes one. Nothing lies beneath one of full length. */
export function findBans({ store, facts }: ObservedFamily): Above {
  const bans = new Above();
  for (const key of facts.banKeys) {
    if (store.keys.length(key) === bits(store.family)) continue;
    let slot = store.first(key);
    while (slot >= 0 && store.table(slot) !== TABLE.main) slot = store.next(slot);
    if (slot < 0 || !isBan(store.paths.get(store.path(slot)))) continue;
    bans.add(store.keys.destination(key), store.keys.source(key));
  }
  return bans;
}
