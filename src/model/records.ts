/** The kernel's objects as plain records, and the numbers that name their parts (linux/rtnetlink.h, linux/fib_rules.h). */

import type { Family } from "./address.ts";

/** Routing tables that have a fixed meaning (`enum rt_class_t`). */
export const TABLE = { unspec: 0, default: 253, main: 254, local: 255 } as const;

/** Route types (`RTN_*`). */
export const TYPE = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
} as const;

/** Route scopes (`RT_SCOPE_*`). */
export const SCOPE = { universe: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;

/** Who made a route or rule (`RTPROT_*`). */
export const PROTOCOL = { unspec: 0, redirect: 1, kernel: 2, boot: 3, static: 4, ra: 9, dhcp: 16 } as const;

/** Address flags (`IFA_F_*`, linux/if_addr.h). */
export const ADDRESS_FLAG = { dadfailed: 0x08, tentative: 0x40, deprecated: 0x20 } as const;

/** `RTNH_F_ONLINK`: the only next hop flag that a user sets; the others say what the kernel found. */
export const ONLINK = 4;

/** `FR_ACT_TO_TBL`: the rule's table is looked up. */
export const ACTION_LOOKUP = 1;
/** `FR_ACT_GOTO`: rules in between are passed over. */
export const ACTION_GOTO = 2;
/** `FR_ACT_NOP`: does nothing. */
export const ACTION_NOP = 3;

export interface Link {
  readonly ifindex: number;
  readonly name: string;
  /** Administratively up (IFF_UP). */
  readonly up: boolean;
  readonly loopback: boolean;
  /** IFLA_INFO_KIND: `bridge`, `vlan`, `wireguard`…; absent for hardware. */
  readonly kind?: string;
  /** ARPHRD_* (linux/if_arp.h). */
  readonly arptype: number;
  /** The ifindex of the bridge, bond or VRF that it is a port of. */
  readonly master?: number;
  /** A VRF's routing table. */
  readonly vrfTable?: number;
}

export interface Address {
  readonly family: Family;
  readonly ifindex: number;
  /** The local address, or, for an AnyIP route, its prefix (`192.0.2.0/24`). */
  readonly ip: string;
  readonly prefixLength: number;
  /** `RT_SCOPE_*` */
  readonly scope: number;
  /** `IFA_F_*` */
  readonly flags: number;
  readonly peer?: string;
}

/** An established TCP connection of this host. */
export interface TcpConnection {
  readonly family: Family;
  readonly local: string;
  readonly localPort: number;
  readonly peer: string;
  readonly peerPort: number;
}

/** How an interface deals with ARP: `arp_ignore`, `arp_announce` and `arp_filter` as they hold for it (ip-sysctl). */
export interface Arp {
  readonly ignore: number;
  readonly announce: number;
  readonly filter: number;
}

/** A policy routing rule (ip-rule(8)). Selectors that are absent match everything. */
export interface Rule {
  readonly family: Family;
  readonly priority: number;
  /** `FR_ACT_*` */
  readonly action: number;
  readonly table: number;
  readonly protocol: number;
  /** An address or prefix. */
  readonly from?: string;
  readonly to?: string;
  readonly iif?: string;
  readonly oif?: string;
  readonly fwmark?: number;
  readonly fwmask?: number;
  readonly tos?: number;
  /** The priority that a `goto` rule jumps to. */
  readonly goto?: number;
  readonly l3mdev?: boolean;
  /** Whether the rule has selectors beyond those above (`not`, ports, user ids…), or looks no more than a part up. */
  readonly more?: boolean;
}

/** A netlink attribute that is carried as it is: its type and its payload in hex. */
export interface Attribute {
  readonly type: number;
  readonly hex: string;
}

export interface Nexthop {
  readonly ifindex: number;
  readonly gateway?: string;
  /** 1 to 256, as `ip route` counts; only told in a multipath route. */
  readonly weight: number;
  /** `RTNH_F_ONLINK` or 0. */
  readonly flags: number;
  /** Realms, encapsulation and whatever else a next hop carries. */
  readonly attributes: readonly Attribute[];
}

/** A route metric: its `RTAX_*` number, and a number, or (congctl alone) a text. */
export type Metric = readonly [id: number, value: number | string];

/**
 * Everything in a route but its key, its table and its metric: how it forwards. Many routes share one path, as in the
 * kernel's own `struct fib_info`. What the kernel computes (dead, linkdown, offload, expiry, nexthop id) is no part of it.
 */
export interface Path {
  readonly family: Family;
  /** `RTN_*` */
  readonly type: number;
  /** `RTPROT_*` */
  readonly protocol: number;
  /** `RT_SCOPE_*` */
  readonly scope: number;
  /** None for a ban; more than one for a multipath route. */
  readonly nexthops: readonly Nexthop[];
  readonly prefsrc?: string;
  /** Ascending by number. */
  readonly metrics: readonly Metric[];
  /** Ascending by type: preference, and all that is not known here. */
  readonly attributes: readonly Attribute[];
}

/** RTA_PREF: a router's preference, one byte (RFC 4191). */
export const PREF = 20;
/** RTA_FLOW: realms. */
export const FLOW = 11;

/** Whether a route of this path refuses or skips instead of leading somewhere. */
export function isBan(path: Path): boolean {
  return path.type >= TYPE.blackhole && path.type <= TYPE.throw;
}

/** Whether a local route makes its prefix an address of a device: as load balancers' agents install them (AnyIP). */
export function isAnyIp(path: Path): boolean {
  return path.type === TYPE.local && path.protocol !== PROTOCOL.kernel && path.nexthops.length === 1;
}

/**
 * The same text for rules that select the same packets and do the same with them. Absent and undefined are one; so are the
 * tables of rules that look none up, where `ip` writes main's.
 */
export function ruleIdentity(rule: Rule): string {
  const same = rule.action === ACTION_LOOKUP ? rule : { ...rule, table: 0 };
  return RULE_FIELDS.map((field) => same[field]).join("\0");
}

const RULE_FIELDS = [
  "family",
  "priority",
  "action",
  "table",
  "protocol",
  "from",
  "to",
  "iif",
  "oif",
  "fwmark",
  "fwmask",
  "tos",
  "goto",
  "l3mdev",
  "more",
] as const satisfies readonly (keyof Rule)[];
