/** Where a route leads to, seen from an interface that has a table. */

import { covers, type Prefix } from "../model/address.ts";
import type { Keys } from "../model/keys.ts";
import { devices } from "../model/paths.ts";
import { type Nexthop, type Path, PROTOCOL } from "../model/records.ts";
import type { HeldFamily } from "./held.ts";
import type { MirrorContext, Target } from "./mirror.ts";

/** Whether what a next hop leads to lies inside or behind the host. */
export function leadsInside(
  { inside, tunnels }: Pick<MirrorContext, "inside" | "tunnels">,
  { path, nexthop: { ifindex, gateway } }: { path: Path; nexthop: Nexthop },
): boolean {
  return inside.has(ifindex) ||
    (tunnels.has(ifindex) && path.protocol === PROTOCOL.kernel && gateway === undefined);
}

/** Whether a route leaves by the target or by what is inside, or has an address of the target's as its source. */
export function isPlacedBy(
  { inside, sources }: Pick<HeldFamily, "inside" | "sources">,
  { path, target: { ifindex } }: { path: Path; target: Target },
): boolean {
  return devices(path).every((device) => device === ifindex || inside.has(device)) ||
    (path.prefsrc !== undefined && sources.get(path.prefsrc) === ifindex);
}

/** Whether a key lies in a network, and is not all of it. */
export function liesIn(network: Prefix, { keys, key }: { keys: Keys; key: number }): boolean {
  // Most keys are told apart by their first word.
  return network.length < keys.length(key) &&
    Math.clz32(keys.firstWord(key) ^ network.words[0]) >= Math.min(network.length, 32) &&
    covers(network, keys.destination(key));
}
