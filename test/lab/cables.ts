// The links between host and routers: cables, and what can be made of cables.

import { batch, type Namespace } from "./netns.ts";
import { keys } from "./wireguard.ts";
import type { Uplink } from "./world.ts";

/**
 * A bond's two cables are `em2a` and `em2b` on the host; on the router `hosta` and `hostb`, ports of the bridge `host`.
 * Of all others the cable is `em2p` on the host. On the router it is `host` itself, but for a vlan and for tunnels, which
 * have two ends: there it is `hostp`.
 */
export type Make = "bond" | "vlan" | OnCable | Tunnel;
type OnCable = keyof typeof onCable;
type Tunnel = keyof typeof tunnels;

/** What is made of the host's end alone, in the form of `ip link add NAME`. */
const onCable = {
  bridge: () => "type bridge",
  macvlan: (cable: string) => `link ${cable} type macvlan mode bridge`,
  ipvlan: (cable: string) => `link ${cable} type ipvlan mode l2`,
};

interface Ends {
  readonly number: number;
  readonly cable: string;
  readonly local: (family: 4 | 6) => string;
  readonly remote: (family: 4 | 6) => string;
}

const between = ({ local, remote }: Ends, family: 4 | 6) => `local ${local(family)} remote ${remote(family)}`;
const tunnels = {
  gre: (ends: Ends) => `type gre ${between(ends, 4)} ttl 64`,
  ipip: (ends: Ends) => `type ipip ${between(ends, 4)} ttl 64`,
  sit: (ends: Ends) => `type sit mode any ${between(ends, 4)} ttl 64`,
  ip6tnl: (ends: Ends) => `type ip6tnl mode any ${between(ends, 6)}`,
  ip6gre: (ends: Ends) => `type ip6gre ${between(ends, 6)}`,
  geneve: ({ number, remote }: Ends) => `type geneve id ${number} remote ${remote(4)}`,
  vxlan: (ends: Ends) => `type vxlan id ${ends.number} dev ${ends.cable} dstport 4789 ${between(ends, 4)}`,
  wireguard: () => "type wireguard",
};

function isTunnel(make: Make): make is Tunnel {
  return make in tunnels;
}

/** The link between the owner of the uplink's device and its router. */
export async function lay(uplink: Uplink, owner: Namespace, make?: Make): Promise<void> {
  const { device, index, number, router } = uplink;
  const cable = { ...uplink, device: `${device}p`, index: 30 + number };
  if (make === undefined) return await batch([], [cableLine(uplink, owner)]);
  if (make === "bond") return await layBond(uplink, owner);
  if (make === "vlan" || isTunnel(make)) {
    await batch([], [cableLine(cable, owner, "p")]);
    await owner.ip(`link set ${device}p up`);
    await router.ip("link set hostp up");
    if (isTunnel(make)) return await dig(uplink, owner, make);
    await owner.ip(`link add link ${device}p name ${device} index ${index} type vlan id 100`);
    await router.ip("link add link hostp name host index 200 type vlan id 100");
    return;
  }
  await batch([], [cableLine(cable, owner)]);
  await owner.batch([
    `link add name ${device} index ${index} ${onCable[make](`${device}p`)}`,
    ...(make === "bridge" ? [`link set ${device}p master ${device}`] : []),
    `link set ${device}p up`,
  ]);
}

async function layBond(uplink: Uplink, owner: Namespace): Promise<void> {
  const { device, index, number, router } = uplink;
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

/** A tunnel through the cable, whose ends have addresses of their own. */
async function dig({ device, index, number, router }: Uplink, owner: Namespace, make: Tunnel): Promise<void> {
  const sides = [
    { at: owner, cable: `${device}p`, own: 1, other: 2, name: device, index },
    { at: router, cable: "hostp", own: 2, other: 1, name: "host", index: 200 },
  ];
  const outer = (host: number) => (family: 4 | 6) =>
    family === 4 ? `198.18.${number}.${host}` : `fd00:${number}::${host}`;
  for (const { at, cable, own, other, name, index } of sides) {
    const ends = { number, cable, local: outer(own), remote: outer(other) };
    await at.batch([
      `address add ${ends.local(4)}/30 dev ${cable}`,
      `address add ${ends.local(6)}/64 dev ${cable} nodad`,
      `link add name ${name} index ${index} ${tunnels[make](ends)}`,
    ]);
  }
  if (make !== "wireguard") return;
  const pairs = await Promise.all(sides.map(({ at }) => keys(at)));
  for (const [i, { at, name, other }] of sides.entries()) {
    const peer = ["peer", pairs[1 - i].open, "endpoint", `${outer(other)(4)}:51820`];
    const all = ["allowed-ips", "0.0.0.0/0,::/0", "persistent-keepalive", "1"];
    const own = ["listen-port", "51820", "private-key", "/proc/self/fd/0"];
    await at.must(["wg", "set", name, ...own, ...peer, ...all], { stdin: pairs[i].secret });
  }
}

/**
 * Lays the cable between the owner of the uplink's device and its router, as an `ip` command. The router's end is `host`;
 * where there are several, or something else is made of it, `suffix` tells them apart.
 */
export function cableLine({ device, index, router }: Uplink, owner: Namespace, suffix = ""): string {
  return `link add name ${device} index ${index} netns ${owner.name} ` +
    `type veth peer name host${suffix} ${suffix ? "" : "index 200 "}netns ${router.name}`;
}
