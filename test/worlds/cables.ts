// What a world is made of: interfaces with what they may have, and the words for it.

import { families, type Family } from "../lab/addressing.ts";
import type { Random } from "../model/random.ts";
import { gateways } from "./stage.ts";
import { FOREIGN } from "./spec.ts";

/** A cable from the host to the world outside. */
export interface Cable {
  readonly number: number;
  name: string;
  readonly index: number;
}

/** What is known of a world while its script is thought up: not what the kernel makes of it. */
export interface Cast {
  readonly random: Random;
  readonly cables: Cable[];
  /** The names of all interfaces that routes may lead to. */
  readonly insides: readonly string[];
  /** Routes that were added, to be deleted some day. */
  readonly routes: string[];
  /** The number of the next new cable. */
  next: number;
  nexthops: number[];
}

/** A cable's line for `ip link`; the twin's has the same hardware address, so that all else is the same too. */
export function plug({ number, name, index }: Cable): string {
  const mac = `02:00:00:00:${number.toString(16).padStart(2, "0")}`;
  return `link add ${name} index ${index} address ${mac}:01 type veth ` +
    `peer name PEER${number} address ${mac}:02 netns OUTSIDE`;
}

/** The addresses that an interface may have, with the words that `ip address` wants. */
const ADDRESSES: Record<Family, (cable: number) => string[]> = {
  IPv4: (k) => [
    ...[`10.${k}.0.2/16`, `10.${k}.0.3/16`, `10.${k}.7.4/24`, `198.51.100.${k}/32`, `10.${k}.0.2/24`],
    ...[`10.${k}.9.1 peer 10.${k}.9.2/32`, `10.${k}.4.2/31`, `169.254.${k}.2/16 scope link`],
    `10.${k}.9.1 peer 10.${k}.9.2/32`,
    // In the first cable's prefix.
    `10.1.${100 + k}.2/24`,
  ],
  IPv6: (k) => [
    `2001:db8:${k}::2/64`,
    `2001:db8:${k}::3/64`,
    `2001:db8:${k}::4/128`,
    `2001:db8:${k}::d/64 preferred_lft 0`,
    `fd00:${k}::2/64`,
    `2001:db8:${k}::5 peer 2001:db8:${k}::6`,
    `2001:db8:1:0:${k}::2/64`,
  ],
};

/** One of a cable's addresses, its first one more often than not; as the words behind `ip address add`. */
export function someAddress({ number }: Cable, { random }: Cast): string {
  const family = random.pick(families);
  const all = ADDRESSES[family](number);
  const address = random.chance(45) ? all[0] : random.pick(all);
  return family === "IPv6" ? `${address} nodad` : address;
}

/** What a network manager writes for an uplink: addresses and default routes. */
export function configured(cable: Cable, only: readonly Family[] = families): string[] {
  return only.flatMap((family) => {
    const [address] = ADDRESSES[family](cable.number), [gateway] = gateways[family](cable.number);
    const nodad = family === "IPv6" ? " nodad" : "";
    return [
      `address replace ${address} dev ${cable.name}${nodad}`,
      `route replace default via ${gateway} dev ${cable.name} proto static metric ${100 + cable.number}`,
    ];
  });
}

const PREFIXES: Record<Family, readonly string[]> = {
  IPv4: [
    ...["default", "default", "10.99.0.0/16", "10.99.7.0/24", "10.99.7.7", "172.16.0.0/12", "172.18.0.0/16"],
    ...["203.0.113.0/24", "203.0.113.9", "192.0.2.0/24", "0.0.0.0/1", "128.0.0.0/1"],
  ],
  IPv6: [
    ...["default", "default", "2001:db8:99::/48", "2001:db8:99:7::/64", "2001:db8:99:7::7", "fd99::/16"],
    ...["2001:db8:c::/64", "2001:db8:c::9", "2000::/3", "fd99:1::/32"],
  ],
};
const METRICS = [
  "",
  "",
  "",
  "metric 50",
  "metric 50",
  "metric 100",
  "metric 200",
  "metric 1",
  "metric 4294967295",
];
/** Packets in others: of one kind that most kernels have. */
const ENCAPSULATION = "encap seg6 mode encap segs 2001:db8:c::77";

/** The words of some route of main, behind `ip route add`. */
export function someRoute(cast: Cast): string {
  const { random } = cast;
  const family = random.pick(families);
  const prefix = random.pick(PREFIXES[family]), metric = random.pick(METRICS);
  const all = family === "IPv6" && prefix === "default" ? "::/0" : prefix;
  if (random.chance(10) && !prefix.startsWith("2001:db8:c:") && !prefix.startsWith("203.")) {
    // A ban of everything shall not hide what the worlds are about.
    const last = prefix.includes("/1") || /^(default|2000)/.test(prefix) ? "metric 9000" : metric;
    return `${random.pick(["unreachable", "blackhole", "throw", "prohibit"])} ${all} ${last}`;
  }
  const tos = family === "IPv4" && random.chance(8) ? "tos 0x10 " : "";
  const protocol = random.pick(["", "proto static", "proto dhcp", "proto bird"]);
  const extra = random.pick(["", "", "", "", "mtu 1400", "mtu lock 1300", "rto_min 200ms", "src", "src"]);
  if (extra === "src") {
    const { number } = random.pick(cast.cables);
    const [address] = ADDRESSES[family](number);
    return `${tos}${all} ${way(family, cast)} ${protocol} src ${address.split("/")[0]} ${metric}`;
  }
  if (cast.nexthops.length > 0 && random.chance(15)) {
    return `${tos}${all} nhid ${random.pick(cast.nexthops)} ${protocol} ${metric}`;
  }
  if (random.chance(15)) {
    const hops = Array.from(
      { length: 2 + random.int(2) },
      () => `nexthop ${way(family, cast)} ${random.pick(["", "weight 3"])}`,
    );
    return `${tos}${all} ${protocol} ${metric} ${extra} ${[...new Set(hops)].join(" ")}`;
  }
  if (random.chance(4)) {
    return `${tos}${all} ${ENCAPSULATION} dev ${random.pick(cast.cables).name} ${protocol} ${metric}`;
  }
  const only = family === "IPv6" && random.chance(5)
    ? `from 2001:db8:${random.pick(cast.cables).number}::/64 `
    : "";
  const preference = family === "IPv6" && random.chance(8) ? `pref ${random.pick(["high", "low"])}` : "";
  return `${tos}${all} ${only}${way(family, cast)} ${protocol} ${metric} ${extra} ${preference}`;
}

/** By a cable's gateway, or on its link; or by something inside. */
function way(family: Family, { random, cables, insides }: Cast): string {
  if (random.chance(12) && insides.length > 0) return `dev ${random.pick(insides)}`;
  const { number, name } = random.pick(cables);
  if (random.chance(10)) return `dev ${name}`;
  if (family === "IPv4" && random.chance(6)) {
    return `via inet6 ${random.pick(gateways.IPv6(number))} dev ${name}`;
  }
  return `via ${random.pick(gateways[family](number))} dev ${name}${random.chance(10) ? " onlink" : ""}`;
}

/** Rules of other programs, and what stands in tables that are not ours: they are to stay as they are. */
export function foreignLines({ random, cables }: Cast): string[] {
  const cable = random.pick(cables), table = 1000 + random.pick(cables).index;
  const flag = random.pick(["-4", "-6"] as const);
  const prefix = flag === "-4" ? "198.18.0.0/24" : "2001:db8:fe::/48";
  const gateway = random.pick(gateways[flag === "-4" ? "IPv4" : "IPv6"](cable.number));
  return random.pick([
    [`${flag} rule add from all fwmark 0x1/0xff lookup 52 priority 100`],
    [`${flag} rule add from all fwmark 0x7 lookup ${table} priority 5000`],
    [`${flag} rule add to 192.0.2.1 lookup ${table} priority 30000 protocol 4`],
    [`${flag} rule add from all lookup 52 priority 31000`],
    [`${flag} route add ${prefix} via ${gateway} dev ${cable.name} table 52`],
    [`${flag} route add default via ${gateway} dev ${cable.name} table 52 metric 7`],
    // The first cable stays as it is: by it a route in another interface's table remains another's.
    [
      `${flag} route append ${prefix} via ${
        gateways[flag === "-4" ? "IPv4" : "IPv6"](cables[0].number)[0]
      } ` +
      `dev ${cables[0].name} table ${table} proto ${FOREIGN} metric 77`,
    ].filter(() => table !== 1000 + cables[0].index),
  ]);
}
