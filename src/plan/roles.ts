/** Which interface leads where, and the sentence that decided. */

import type { Family } from "../model/address.ts";
import { matchesGlob } from "../model/glob.ts";
import type { Link } from "../model/records.ts";
import type { Options, Role } from "./options.ts";

export interface Verdict {
  readonly role: Role;
  /** In words that go on after the role: "inside because forwarding is on". */
  readonly why: string;
}

/** What main and the host say of one interface in one family. */
export interface Circumstances {
  readonly family: Family;
  readonly hasDefault: boolean;
  readonly coversWorld: boolean;
  readonly hasGateway: boolean;
  readonly hasGlobalAddress: boolean;
  /** With `--isolate`: false. */
  readonly forwarding: boolean;
  /** Of a bridge, bond or VRF. */
  readonly ports: readonly Link[];
}

/** Kinds of links whose packets travel inside other packets. */
const TUNNEL_KINDS: ReadonlySet<string> = new Set([
  ...[
    "wireguard",
    "tun",
    "ppp",
    "l2tp",
    "ipip",
    "gre",
    "gretap",
    "erspan",
    "ip6gre",
    "ip6gretap",
    "ip6erspan",
  ],
  ...["ip6tnl", "sit", "vti", "vti6", "xfrm", "vxlan", "geneve", "bareudp", "ovpn"],
]);

/** ARPHRD_PPP, TUNNEL, TUNNEL6, SIT, IPGRE, IP6GRE (linux/if_arp.h): what has no kind tells by its hardware type. */
const TUNNEL_ARPTYPES: ReadonlySet<number> = new Set([512, 768, 769, 776, 778, 823]);

/** Whether its packets travel inside other packets. */
export function isTunnel(link: Link): boolean {
  return link.kind ? TUNNEL_KINDS.has(link.kind) : TUNNEL_ARPTYPES.has(link.arptype);
}

/** The first sentence that holds decides. */
export function roleOf(link: Link, circumstances: Circumstances, options: Options): Verdict {
  const chosen = options.roles.find(({ glob }) => matchesGlob(link.name, glob));
  if (chosen) return { role: chosen.role, why: `--role ${chosen.glob}=${chosen.role} says so` };
  if (link.loopback) return { role: "inside", why: "it is a loopback" };
  if (circumstances.hasDefault) return { role: "uplink", why: "main has a default route through it" };
  if (circumstances.coversWorld) {
    return { role: "uplink", why: "its routes cover more than half of the world" };
  }
  if (link.kind === "bridge" && !circumstances.ports.some(leadsOut)) {
    return { role: "inside", why: "it is a bridge without a physical, vlan or bond port" };
  }
  if (!circumstances.forwarding && circumstances.hasGateway && !isTunnel(link)) {
    const forwarding = options.isolate ? "forwarding is not looked at" : "forwarding is off";
    return { role: "uplink", why: `main has a route with a gateway on it and ${forwarding}` };
  }
  if (isTunnel(link)) return { role: "inside", why: `it is a tunnel (${link.kind ?? "by its type"})` };
  if (link.kind === "dummy") return { role: "inside", why: "it is a dummy" };
  if (!circumstances.hasGlobalAddress) return { role: "inside", why: "it has no global address" };
  if (circumstances.forwarding) return { role: "inside", why: "forwarding is on and no default leads there" };
  return { role: "stub", why: "it has an address and leads to one network" };
}

/** Kinds of bridges' ports that lead out of the host, beside hardware, which has none: a switch's own port has `dsa`. */
const OUTWARD_KINDS: ReadonlySet<string> = new Set(["dsa", "vlan", "bond", "team"]);

/** Whether a bridge's port leads out of the host. */
function leadsOut({ kind }: Link): boolean {
  return kind === undefined || OUTWARD_KINDS.has(kind);
}
