/** What a notification about a route means for the store: as the kernel's own lists change (fib_trie.c, ip6_fib.c). */

import { hasNexthops, sameButNexthops, withoutNexthops } from "./paths.ts";
import type { RouteStore, StoredRoute } from "./store.ts";

export interface RouteEvent {
  readonly op: "new" | "delete";
  readonly key: number;
  readonly route: StoredRoute;
  /** NLM_F_REPLACE: what was there went without a notification. */
  readonly replace: boolean;
  /** NLM_F_APPEND: behind its equals; else IPv4 puts it in front. */
  readonly append: boolean;
}

/**
 * `doubt`: what the store has does not fit the event; its table is to be read again. `partly`: what has changed is known, but
 * not all of what is there now.
 */
export type Effect = "none" | "changed" | "partly" | "doubt";

export function replay(store: RouteStore, event: RouteEvent): Effect {
  if (event.op === "delete") return replayDelete(store, event);
  return store.family === 4 ? replayNew4(store, event) : replayNew6(store, event);
}

function replayNew4(store: RouteStore, { key, route, replace, append }: RouteEvent): Effect {
  const same = equals(store, key, route);
  // `ip route replace` takes the first one's place, a next hop object that is replaced that of any route that uses it.
  const isUnclear = replace && same.length > 1;
  if (isSeen(store, { key, route })) return isUnclear ? "partly" : "none";
  if (replace && same.length > 0) store.remove(same[0]);
  store.add(key, route, replace || !append);
  return isUnclear ? "partly" : "changed";
}

function replayNew6(store: RouteStore, { key, route, replace }: RouteEvent): Effect {
  const same = equals(store, key, route);
  if (isSeen(store, { key, route }) && (!replace || same.length === 1)) return "none";
  if (replace) {
    for (const slot of same) store.remove(slot);
    store.add(key, route);
    // Of routes that are apart from each other the kernel replaces one; which, the event does not tell.
    return same.length > 1 ? "doubt" : "changed";
  }
  const whole = store.paths.get(route.path);
  // A sibling is told of with all of its siblings.
  const absorbed = whole.nexthops.length > 1
    ? same.filter((slot) => hasNexthops(whole, store.paths.get(store.path(slot))))
    : [];
  // Siblings may differ in what else they say: a dump tells of the first one's, an event of the newest one's.
  const isMixed = absorbed.some((slot) => !sameButNexthops(whole, store.paths.get(store.path(slot))));
  for (const slot of absorbed) store.remove(slot);
  store.add(key, route);
  return isMixed ? "partly" : "changed";
}

function replayDelete(store: RouteStore, { key, route }: RouteEvent): Effect {
  const exact = store.find(key, route);
  if (exact >= 0) {
    store.remove(exact);
    return "changed";
  }
  const same = equals(store, key, route);
  const gone = store.paths.get(route.path);
  for (const slot of store.family === 6 ? same : []) {
    const path = store.paths.get(store.path(slot));
    const rest = path.nexthops.length > 1 ? withoutNexthops(path, gone) : undefined;
    if (!rest) continue;
    store.remove(slot);
    store.add(key, { ...route, path: store.paths.intern(rest) });
    // What the next one says, now that the first has gone, no event tells.
    return "partly";
  }
  return same.length > 0 ? "doubt" : "none";
}

/** Whether the route is there already; then it has been seen again. */
function isSeen(store: RouteStore, { key, route }: Pick<RouteEvent, "key" | "route">): boolean {
  return store.find(key, route) >= 0 && !store.add(key, route);
}

/** The slots of the same key, table and metric, in order. */
function equals(store: RouteStore, key: number, { table, metric }: StoredRoute): number[] {
  const found: number[] = [];
  for (let slot = store.first(key); slot >= 0; slot = store.next(slot)) {
    if (store.table(slot) === table && store.metric(slot) === metric) found.push(slot);
  }
  return found;
}
