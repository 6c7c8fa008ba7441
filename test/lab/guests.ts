// Networks inside or behind the host, each with a guest in it that has the host as its way to everything.

import type { Family } from "./addressing.ts";
import { Namespace } from "./netns.ts";
import { eventually } from "./process.ts";
import type { World } from "./world.ts";

/** How a guest is reached. */
export interface Network {
  readonly name: string;
  /** Kinds of links that it needs. */
  readonly kinds?: string[];
  /** The interface by which the host reaches the guest's address. */
  readonly device: string;
  readonly guest: Readonly<Record<Family, string>>;
  /** `ip` commands on the host; GUEST stands for the guest's namespace. */
  host(family: Family): string[];
  /** `ip` commands in the guest's namespace, after those. */
  inside(family: Family): string[];
  readonly forwarding?: boolean;
  /** Kernel settings on the host, once its links are there. */
  readonly sysctl?: Readonly<Record<string, number>>;
}

/** A guest's namespace, cabled to the host as its network says. */
export class Guest implements AsyncDisposable {
  private constructor(readonly space: Namespace, readonly world: World) {}

  static async create(world: World, network: Network, family: Family): Promise<Guest> {
    const [space] = await Namespace.create(["guest"]);
    const { host } = world;
    await space.sysctl({
      "ipv6/conf/all/accept_dad": 0,
      "ipv6/conf/default/accept_dad": 0,
      "ipv6/conf/default/router_solicitations": 0,
    });
    if (network.forwarding) await host.sysctl({ "ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1 });
    const lines = network.host(family).map((line) => line.replaceAll("GUEST", space.name));
    const links = lines.filter((line) => line.startsWith("link add "));
    await host.batch(links);
    if (network.sysctl) await host.sysctl({ ...network.sysctl });
    await host.batch(lines.filter((line) => !links.includes(line)));
    await space.batch(["link set lo up", ...network.inside(family)]);
    return new Guest(space, world);
  }

  /** Which of the addresses answer the guest's echo request. */
  async reaches(addresses: readonly string[]): Promise<boolean[]> {
    return await Promise.all(addresses.map(async (address) => {
      const { code } = await this.space.run(["ping", "-n", "-c1", "-W1", address]);
      return code === 0;
    }));
  }

  /** Awaits that all of them do. */
  async assertReaches(addresses: readonly string[], when: string): Promise<void> {
    await eventually(async () => {
      const reached = await this.reaches(addresses);
      const lost = addresses.filter((_, which) => !reached[which]);
      if (lost.length > 0) throw new Error(`${when}: the guest gets no answer from ${lost.join(", ")}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.space[Symbol.asyncDispose]();
  }
}

const bridge: Record<Family, { host: string; guest: string; length: number }> = {
  IPv4: { host: "172.17.0.1", guest: "172.17.0.2", length: 16 },
  IPv6: { host: "2001:db8:d0::1", guest: "2001:db8:d0::2", length: 64 },
};
const pod: Record<Family, { host: string; gateway: string; guest: string; network: string }> = {
  IPv4: { host: "10.244.0.0", gateway: "10.244.1.0", guest: "10.244.1.7", network: "10.244.1.0/24" },
  IPv6: {
    host: "2001:db8:244::1",
    gateway: "2001:db8:244:1::1",
    guest: "2001:db8:244:1::7",
    network: "2001:db8:244:1::/64",
  },
};
const guestsOf = (addresses: Record<Family, { guest: string }>) => ({
  IPv4: addresses.IPv4.guest,
  IPv6: addresses.IPv6.guest,
});

const nodad = (family: Family) => family === "IPv6" ? " nodad" : "";
const full = (family: Family) => family === "IPv4" ? 32 : 128;

export const containers: Network = {
  name: "a container behind a bridge",
  device: "br0",
  guest: guestsOf(bridge),
  host: (family) => [
    "link add br0 type bridge",
    "link add veth0 type veth peer name eth0 netns GUEST",
    "link set veth0 master br0",
    "link set veth0 up",
    "link set br0 up",
    `address add ${bridge[family].host}/${bridge[family].length} dev br0${nodad(family)}`,
  ],
  inside: (family) => [
    "link set eth0 up",
    `address add ${bridge[family].guest}/${bridge[family].length} dev eth0${nodad(family)}`,
    `route add default via ${bridge[family].host}`,
  ],
};

/** The host's end has no address and a route to the one that is at the other. */
export const pods: Network = {
  name: "a pod behind a veth without an address, as Calico's",
  device: "cali1",
  guest: guestsOf(pod),
  forwarding: true,
  sysctl: { "ipv4/conf/cali1/proxy_arp": 1 },
  host: (family) => [
    "link add cali1 type veth peer name eth0 netns GUEST",
    "link set cali1 up",
    "address add fe80::ecee/64 dev cali1 nodad",
    `route add ${pod[family].guest}/${full(family)} dev cali1${family === "IPv4" ? " scope link" : ""}`,
  ],
  inside: (family) => {
    const gateway = family === "IPv4" ? "169.254.1.1" : "fe80::ecee";
    return [
      "link set eth0 up",
      `address add ${pod[family].guest}/${full(family)} dev eth0${nodad(family)}`,
      ...(family === "IPv4" ? [`route add ${gateway} dev eth0 scope link`] : []),
      `route add default via ${gateway} dev eth0`,
    ];
  },
};

/** A network behind the host, which forwards for it. */
export const lan: Network = {
  name: "a machine of a LAN behind the host",
  device: "lan",
  guest: guestsOf(bridge),
  forwarding: true,
  host: (family) => [
    "link add lan type veth peer name eth0 netns GUEST",
    "link set lan up",
    `address add ${bridge[family].host}/${bridge[family].length} dev lan${nodad(family)}`,
  ],
  inside: containers.inside,
};

/** A container in the first uplink's own network, which the host reaches by an interface beside that uplink alone. */
export const macvlan: Network = {
  name: "a container of a macvlan in the first uplink's network",
  kinds: ["macvlan"],
  device: "shim",
  guest: { IPv4: "10.0.77.7", IPv6: "2001:db8:1:0:77::7" },
  host: (family) => [
    "link add shim link em1 type macvlan mode bridge",
    "link add guest link em1 netns GUEST type macvlan mode bridge",
    "link set shim up",
    `address add ${shim[family]}/${full(family)} dev shim${nodad(family)}`,
    `route add ${family === "IPv4" ? "10.0.77.0/24" : "2001:db8:1:0:77::/80"} dev shim`,
  ],
  inside: (family) => [
    "link set guest up",
    `address add ${macvlan.guest[family]}/${family === "IPv4" ? 16 : 64} dev guest${nodad(family)}`,
    // In IPv6 a host tells its neighbours of an interface's own addresses alone.
    `route add default via ${shim[family]}`,
    ...(family === "IPv6" ? [`route add 2001:db8:1::2 via ${shim.IPv6}`] : []),
  ],
};
const shim: Record<Family, string> = { IPv4: "10.0.77.1", IPv6: "2001:db8:1:0:77::1" };

/** What an overlay is: its kind, and its type as `ip link add` takes it. */
export interface OverlayType {
  readonly kind: string;
  readonly type: string;
}
export const vxlan: OverlayType = { kind: "vxlan", type: "vxlan id 7 dstport 4789" };

/** The two ends of an overlay, over a cable between host and guest. */
function ends({ type }: OverlayType): Record<"host" | "guest", string[]> {
  const [first, second] = ["172.30.0.1", "172.30.0.2"];
  const end = (here: string, there: string) => [
    "link set node up",
    `address add ${here}/24 dev node`,
    `link add overlay type ${type} local ${here} remote ${there}`,
    "link set overlay up",
  ];
  return {
    host: ["link add node type veth peer name node netns GUEST", ...end(first, second)],
    guest: end(second, first),
  };
}

function own(address: string, family: Family, length = full(family)): string {
  return `address add ${address}/${length} dev overlay${nodad(family)}`;
}

/** Pods on another node, which an overlay reaches over the nodes' network; the host has a gateway there, or none. */
export function overlay(over: OverlayType, { gateway }: { gateway: boolean }): Network {
  return {
    name: `a pod behind ${over.kind} ${gateway ? "with" : "without"} a gateway`,
    kinds: [over.kind],
    device: "overlay",
    guest: guestsOf(pod),
    host: (family) => [
      ...ends(over).host,
      own(pod[family].host, family),
      `route add ${pod[family].network} ${
        gateway ? `via ${pod[family].gateway} dev overlay onlink` : "dev overlay"
      }`,
    ],
    inside: (family) => [
      ...ends(over).guest,
      own(pod[family].gateway, family),
      own(pod[family].guest, family),
      `route add default via ${pod[family].host} dev overlay onlink src ${pod[family].guest}`,
    ],
  };
}

const vpnNet: Record<
  Family,
  { host: string; server: string; length: number; colleague: string; split: string }
> = {
  IPv4: { host: "10.8.0.2", server: "10.8.0.1", length: 24, colleague: "10.100.0.7", split: "10.100.0.0/16" },
  IPv6: {
    host: "2001:db8:8::2",
    server: "2001:db8:8::1",
    length: 64,
    colleague: "2001:db8:100::7",
    split: "2001:db8:100::/48",
  },
};
const halves: Record<Family, string[]> = { IPv4: ["0.0.0.0/1", "128.0.0.0/1"], IPv6: ["2000::/3"] };

/**
 * A VPN: `split` leads to one network, `halves` to the world in two halves; `unnumbered` has no address and leads to one
 * network. The guest is the one behind the server, or, with `halves`, the server.
 */
export function vpn(over: OverlayType, shape: "split" | "halves" | "unnumbered"): Network {
  const isNumbered = shape !== "unnumbered";
  const asked = shape === "halves" ? "server" : "colleague";
  return {
    name: `${asked === "server" ? "the server" : "a machine"} of a VPN (${over.kind}, ${shape})`,
    kinds: [over.kind],
    device: "overlay",
    guest: { IPv4: vpnNet.IPv4[asked], IPv6: vpnNet.IPv6[asked] },
    host: (family) => {
      const { host, server, length, split } = vpnNet[family];
      const to = shape === "halves" ? halves[family] : [split];
      return [
        ...ends(over).host,
        ...(isNumbered ? [own(host, family, length)] : ["address add fe80::8:2/64 dev overlay nodad"]),
        ...to.map((prefix) => `route add ${prefix} ${isNumbered ? `via ${server} ` : ""}dev overlay`),
      ];
    },
    inside: (family) => {
      const { host, server, length, colleague } = vpnNet[family];
      const gateway = isNumbered ? host : family === "IPv6" ? "fe80::8:2" : undefined;
      return [
        ...ends(over).guest,
        own(server, family, length),
        own(colleague, family),
        `route add default ${gateway ? `via ${gateway} ` : ""}dev overlay src ${vpnNet[family][asked]}`,
      ];
    },
  };
}
