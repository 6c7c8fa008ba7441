/** Changes as commands that can be run as they are; what cannot be said in one is a comment. */

import type { Change, RouteChange, RouteOfTable } from "./model/change.ts";
import type { Family } from "./model/address.ts";
import type { Link, TcpConnection } from "./model/records.ts";
import type { RouteStore } from "./model/store.ts";
import { ipCommand, type Names, routeText, ruleCommand, untold } from "./model/text.ts";

/** What gives numbers their words. */
export interface Vocabulary {
  readonly stores: Readonly<Record<Family, RouteStore>>;
  readonly names: Names;
}

export function namesOf(links: ReadonlyMap<number, Link>): Names {
  return (ifindex) => links.get(ifindex)?.name ?? `if${ifindex}`;
}

/** One route of a store as arguments of `ip route`. */
export function storedRouteText(route: RouteOfTable, { stores, names }: Vocabulary): string {
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
  const command = `${ipCommand(change.family)} route ${ROUTE_VERBS[change.op]} ${
    storedRouteText(change, vocabulary)
  }`;
  const missing = untold(vocabulary.stores[change.family].paths.get(change.path));
  if (missing.length === 0) return command;
  const words = new Set(missing.map((type) => ATTRIBUTE_NAMES[type] ?? `attribute ${type}`));
  return `# not all of it can be said to ip here, but is mirrored (${[...words].join(", ")}): ${command}`;
}

/** A connection with its own end first, as `ss` writes them. */
export function connectionText({ family, local, localPort, peer, peerPort }: TcpConnection): string {
  const end = (ip: string, port: number) => family === 6 ? `[${ip}]:${port}` : `${ip}:${port}`;
  return `the established connection ${end(local, localPort)} ${end(peer, peerPort)}`;
}

/** RTA_NEWDST, RTA_ENCAP_TYPE, RTA_ENCAP, RTA_TTL_PROPAGATE (linux/rtnetlink.h). */
const ATTRIBUTE_NAMES: Readonly<Record<number, string>> = {
  19: "new destination",
  21: "encapsulation",
  22: "encapsulation",
  26: "ttl propagation",
};

const ROUTE_VERBS: Readonly<Record<RouteChange["op"], string>> = {
  append: "append",
  prepend: "prepend",
  replace: "replace",
  delete: "del",
};
