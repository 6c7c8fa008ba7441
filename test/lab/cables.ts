// The links between host and routers: cables, bonds of two cables, and vlans on a cable.

import { batch, type Namespace } from "./netns.ts";
import type { Uplink } from "./world.ts";

/**
 * A bond's two cables are `em2a` and `em2b` on the host; on the router `hosta` and `hostb`, ports of the bridge `host`.
 * A vlan's cable is `em2p` on the host and `hostp` on the router.
 */
export type Make = "bond" | "vlan";

/** The link between the owner of the uplink's device and its router. */
export async function lay(uplink: Uplink, owner: Namespace, make?: Make): Promise<void> {
  if (make === undefined) return await batch([], [cableLine(uplink, owner)]);
  const { device, index, number, router } = uplink;
  if (make === "vlan") {
    await batch([], [cableLine({ ...uplink, device: `${device}p`, index: 30 + number }, owner, "p")]);
    await owner.batch([
      `link add link ${device}p name ${device} index ${index} type vlan id 100`,
      `link set ${device}p up`,
    ]);
    await router.batch(["link add link hostp name host index 200 type vlan id 100", "link set hostp up"]);
    return;
  }
  await batch([], [
    cableLine({ ...uplink, device: `${device}a`, index: 30 + number }, owner, "a"),
    cableLine({ ...uplink, device: `${device}b`, index: 40 + number }, owner, "b"),
  ]);
  await owner.batch([
    `link add name ${device} index ${index} type bond mode active-backup miimon 10`,
    `link set ${device}a master ${device}`,
    `link set ${device}b master ${device}`,
  ]);
  await router.batch([
    "link add name host index 200 type bridge",
    ...["hosta", "hostb"].flatMap((port) => [`link set ${port} master host`, `link set ${port} up`]),
  ]);
}

/**
 * Lays the cable between the owner of the uplink's device and its router, as an `ip` command. The router's end is `host`;
 * where there are several, or something else is made of it, `suffix` tells them apart.
 */
export function cableLine({ device, index, router }: Uplink, owner: Namespace, suffix = ""): string {
  return `link add name ${device} index ${index} netns ${owner.name} ` +
    `type veth peer name host${suffix} ${suffix ? "" : "index 200 "}netns ${router.name}`;
}
