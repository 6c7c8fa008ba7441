/** Where a route leads to, seen from an interface that has a table. */

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
