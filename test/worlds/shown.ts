// What `ip -json` shows of a host: the independent witness, that knows nothing of how the program reads.

import { families, type Family, flag } from "../lab/addressing.ts";
import type { Namespace } from "../lab/netns.ts";

export interface Hop {
  readonly dev?: string;
  readonly gateway?: string;
  readonly via?: { readonly host: string };
  readonly weight?: number;
  readonly flags: readonly string[];
}

export interface Route extends Hop {
  readonly type: string;
  readonly dst: string;
  readonly table: string;
  readonly protocol: string;
  readonly metric?: number;
  readonly tos?: string;
  readonly from?: string;
  readonly prefsrc?: string;
  readonly scope?: string;
  readonly pref?: string;
  readonly encap?: string;
  readonly segs?: unknown;
  readonly metrics?: readonly Readonly<Record<string, number>>[];
  readonly nexthops?: readonly Hop[];
  readonly nhid?: number;
  readonly nh_info?: unknown;
}

export interface Rule {
  readonly priority: number;
  readonly src: string;
  readonly srclen?: number;
  readonly table?: string;
  readonly protocol?: string;
  readonly fwmark?: string;
  readonly iif?: string;
  readonly dst?: string;
  readonly not?: null;
}

export interface Link {
  readonly ifindex: number;
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly link_type: string;
  readonly address?: string;
  readonly master?: string;
  readonly linkinfo?: { readonly info_kind?: string };
}

export interface Address {
  readonly family: "inet" | "inet6";
  readonly local: string;
  readonly prefixlen: number;
  readonly scope: string;
  readonly tentative?: boolean;
  readonly dadfailed?: boolean;
}

export interface Shown {
  readonly links: readonly Link[];
  readonly addresses: readonly (Link & { readonly addr_info: readonly Address[] })[];
  readonly nexthops: readonly unknown[];
  readonly routes: Readonly<Record<Family, readonly Route[]>>;
  readonly rules: Readonly<Record<Family, readonly Rule[]>>;
  readonly forwarding: Readonly<Record<Family, boolean>>;
}

/** Whether a route makes a prefix this host's without an address, as load balancers' agents install them. */
export function isAnyIp({ type, table, protocol, dst, dev }: Route): boolean {
  return type === "local" && table === "local" && protocol !== "kernel" && dev !== undefined &&
    dst !== "default";
}

/** All that `ip` shows of a host. */
export async function look(host: Namespace): Promise<Shown> {
  const shown = await lookOnce(host);
  const isHidden = families.some((family) =>
    shown.routes[family].some(({ type, nhid, dev, nexthops }) =>
      type === "unicast" && nhid && !dev && !nexthops
    )
  );
  if (!isHidden) return shown;
  // The kernel is asked to tell where next hop objects lead, for as long as it is looked at.
  await host.sysctl({ "ipv4/nexthop_compat_mode": 1 });
  try {
    return await lookOnce(host);
  } finally {
    await host.sysctl({ "ipv4/nexthop_compat_mode": 0 });
  }
}

async function lookOnce(host: Namespace): Promise<Shown> {
  const [common, ...perFamily] = await Promise.all([
    ask(host, [], ["link show", "address show", "nexthop show"]),
    ...families.map((family) =>
      ask(host, [flag(family)], ["route show table all", "rule show", "netconf show"])
    ),
  ]);
  const [links, addresses, nexthops] = common as [Link[], Shown["addresses"], unknown[]];
  const [[routes4, rules4, conf4], [routes6, rules6, conf6]] = perFamily as Asked[];
  return {
    ...{ links, addresses, nexthops },
    routes: { IPv4: routes4, IPv6: routes6 },
    rules: { IPv4: rules4, IPv6: rules6 },
    forwarding: { IPv4: forwards(conf4), IPv6: forwards(conf6) },
  };
}

type Netconf = readonly { readonly interface: string; readonly forwarding: boolean }[];
type Asked = [Route[], Rule[], Netconf];

function forwards(conf: Netconf): boolean {
  return conf.some((one) => one.interface === "all" && one.forwarding);
}

/** Each question's answer is a line of its own; one that has nothing to tell of is an empty list. */
async function ask(host: Namespace, options: string[], questions: string[]): Promise<unknown[]> {
  const text = await host.query([...options, "-json", "-details"], questions);
  return text.trim().split("\n").map((line) => JSON.parse(line));
}
