/** VRFs: what is in one is not ours. */

import type { Link } from "../model/records.ts";

/** The VRF that a link is or belongs to. */
export function vrfOf(link: Link | undefined, links: ReadonlyMap<number, Link>): Link | undefined {
  const candidates = [link, link?.master === undefined ? undefined : links.get(link.master)];
  return candidates.find((one) => one?.kind === "vrf");
}
