/** Changes as commands that can be run as they are. */

import type { Change, ForeignRoute, RouteChange } from "./diff.ts";
import type { Family } from "./model/address.ts";
import type { Link } from "./model/records.ts";
import type { RouteStore } from "./model/store.ts";
import { ipCommand, type Names, routeText, ruleCommand } from "./model/text.ts";

/** What gives numbers their words. */
export interface Vocabulary {
  readonly stores: Readonly<Record<Family, RouteStore>>;
  readonly names: Names;
}

export function namesOf(links: ReadonlyMap<number, Link>): Names {
  return (ifindex) => links.get(ifindex)?.name ?? `if${ifindex}`;
}

/** One route of a store as arguments of `ip route`. */
export function storedRouteText(route: ForeignRoute, { stores, names }: Vocabulary): string {
  const { keys, paths } = stores[route.family];
  return routeText({
    destination: keys.text(route.key),
    source: keys.source(route.key),
    tos: keys.tos(route.key),
    table: route.table,
    metric: route.metric,
    path: paths.get(route.path),
  }, names);
}

export function changeCommand(change: Change, vocabulary: Vocabulary): string {
  if ("rule" in change) return ruleCommand(change.op === "add-rule" ? "add" : "del", change.rule);
  return `${ipCommand(change.family)} route ${ROUTE_VERBS[change.op]} ${storedRouteText(change, vocabulary)}`;
}

const ROUTE_VERBS: Readonly<Record<RouteChange["op"], string>> = {
  append: "append",
  prepend: "prepend",
  replace: "replace",
  delete: "del",
};
