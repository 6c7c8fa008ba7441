// What may happen to a host on which all is right.

import { families, flag } from "../lab/addressing.ts";
import type { Namespace } from "../lab/netns.ts";
import { sourceRules } from "../lab/observe.ts";
import type { LonelyHost } from "../lab/lonely.ts";

/** What somebody does: `ip` commands, or otherwise. */
type Deed = string[] | ((world: LonelyHost) => Promise<unknown>);

/** What happens on a crowded host, beside the program. */
export interface Plan {
  /** What was done before all was right. */
  prepare?: Deed;
  change: Deed;
}

const forwarding = (on: 0 | 1) => ({ host }: LonelyHost) =>
  host.sysctl({ "ipv4/ip_forward": on, "ipv6/conf/all/forwarding": on });

const lanDefaults = [
  "default via 172.20.0.9 dev lan proto static metric 300",
  "default via 2001:db8:a0::9 dev lan proto static metric 300",
];
const bans = ["unreachable 198.51.0.0/16 metric 1", "blackhole 2001:db8:f000::/36 metric 1"];

/** By name. */
export const plans: Record<string, Plan> = {
  "other gateways": {
    change: [
      "route replace default via 10.0.0.9 dev em1 proto static metric 105",
      "route replace default via 192.168.0.9 dev em2 proto static metric 106",
      "route replace 198.0.0.0/8 via 192.168.0.9 dev em2",
      "route replace default via 2001:db8:1::9 dev em1 proto static metric 105",
      "route replace default via 2001:db8:2::9 dev em2 proto static metric 106",
      "route replace 2001:db8:f100::/40 via 2001:db8:2::9 dev em2",
    ],
  },
  "other metrics": {
    change: [
      "route add default via 192.168.0.1 dev em2 proto static metric 50",
      "route delete default via 192.168.0.1 dev em2 metric 106",
      "route add 198.51.100.0/24 via 192.168.0.9 dev em2 metric 10",
      "route delete 198.51.100.0/24 via 192.168.0.1",
      "route add default via 2001:db8:2::1 dev em2 proto static metric 50",
      "route delete default via 2001:db8:2::1 dev em2 metric 106",
      "route add 2001:db8:f100::/40 via 2001:db8:2::9 dev em2 metric 10",
      "route delete 2001:db8:f100::/40 via 2001:db8:2::1",
    ],
  },
  "routes that change their uplinks": {
    change: [
      "route replace 198.0.0.0/8 via 172.19.0.1 dev em3",
      "route replace 198.51.0.0/16 via 10.0.0.1 dev em1",
      "route replace 198.51.100.0/24 via 10.0.0.1 dev em1",
      "route replace 198.51.100.128/25 via 192.168.0.1 dev em2",
      "route replace 2001:db8:f000::/36 via 2001:db8:1::1 dev em1",
      "route replace 2001:db8:f100::/40 via 2001:db8:1::1 dev em1",
      "route replace 2001:db8:f1f0::/44 via 2001:db8:2::1 dev em2",
    ],
  },
  "routes within routes that go": {
    change: [
      ...["198.0.0.0/8", "198.51.0.0/16", "198.51.100.0/24", "198.51.100.128/25"],
      ...["2001:db8:f000::/36", "2001:db8:f100::/40", "2001:db8:f1f0::/44"],
    ].map((prefix) => `route delete ${prefix}`),
  },
  "multipath that becomes one path, and one path multipath": {
    change: [
      "route replace 100.100.0.0/16 via 192.168.0.9 dev em2",
      "route replace 198.51.100.0/24 nexthop via 192.168.0.1 nexthop via 192.168.0.9 nexthop via 10.0.0.1",
      "route replace 2001:db8:d000::/36 via 2001:db8:2::9 dev em2",
      "route replace 2001:db8:f100::/40 nexthop via 2001:db8:2::1 nexthop via 2001:db8:2::9",
    ],
  },
  "equal routes in another order": {
    prepare: ["1", "2", "3"].map((host) => `route append 100.103.0.0/16 via 192.168.0.${host} dev em2`),
    change: [
      "route delete 100.103.0.0/16 via 192.168.0.1",
      "route append 100.103.0.0/16 via 192.168.0.1 dev em2",
      "route prepend 100.103.0.0/16 via 192.168.0.4 dev em2",
    ],
  },
  "forwarding switched on": { change: forwarding(1) },
  "forwarding switched off": { prepare: forwarding(1), change: forwarding(0) },
  "a default makes a network behind a router an uplink": {
    prepare: forwarding(1),
    change: lanDefaults.map((route) => `route add ${route}`),
  },
  "an uplink without its default is a network behind a router": {
    prepare: async (world) => {
      await forwarding(1)(world);
      await world.host.batch(lanDefaults.map((route) => `route add ${route}`));
    },
    change: lanDefaults.map((route) => `route delete ${route}`),
  },
  "bans that come": { change: bans.map((ban) => `route add ${ban}`) },
  "bans that go": {
    change: ["route delete unreachable 198.18.0.0/15", "route delete unreachable 2001:db8:e000::/36"],
  },
  "a ban that a better route outdoes, and one that begins to hold": {
    prepare: [
      "route add 198.20.0.0/16 via 10.0.0.1 dev em1 metric 10",
      "route add blackhole 198.20.0.0/16 metric 4000",
      "route add 198.20.7.0/24 via 192.168.0.1 dev em2",
    ],
    change: [
      "route delete 198.20.0.0/16 metric 10",
      "route prepend 198.18.0.0/15 via 192.168.0.1 dev em2",
      "route add 2001:db8:e000::/36 via 2001:db8:2::1 dev em2 metric 10",
    ],
  },
  "an address that moves to another uplink": {
    change: [
      "address delete 192.168.0.3/24 dev em2",
      "address add 192.168.0.3/32 dev em1",
      "address delete 2001:db8:2::3/64 dev em2",
      "address add 2001:db8:2::3/128 dev em1 nodad",
    ],
  },
  "addresses that come and go": {
    change: [
      "address delete 10.0.0.3/16 dev em1",
      "address delete 2001:db8:2::3/64 dev em2",
      "address add 192.168.0.4/24 dev em2 metric 106",
      "address add 172.19.0.4/24 dev em3 metric 107",
      "address add 2001:db8:1::4/64 dev em1 metric 105 nodad",
    ],
  },
  "an interface that goes, and another that has its index": {
    change: async (world) => {
      await world.host.ip("link delete em2");
      await world.cable("new", 3);
      await world.host.batch([
        "address add 172.21.0.2/24 dev new metric 90",
        "address add 2001:db8:21::2/64 dev new metric 90 nodad",
        "route add default via 172.21.0.1 dev new proto static metric 90",
        "route add 198.51.100.0/24 via 172.21.0.1 dev new",
        "route add default via 2001:db8:21::1 dev new proto static metric 90",
        "route add 2001:db8:f100::/40 via 2001:db8:21::1 dev new",
      ]);
    },
  },
  "a link that was down": {
    change: [
      "link set em2 down",
      "link set em2 up",
      "route add default via 192.168.0.9 dev em2 proto static metric 106",
      "address replace 2001:db8:2::2/64 dev em2 metric 106 nodad",
      "route add default via 2001:db8:2::9 dev em2 proto static metric 106",
    ],
  },
  "tables without rules, and out of date": {
    change: async ({ host }) => {
      await flushRules(host);
      await host.batch([
        "route replace default via 192.168.0.9 dev em2 proto static metric 106",
        "route delete 198.51.100.128/25",
        "route replace default via 2001:db8:2::9 dev em2 proto static metric 106",
        "route delete 2001:db8:f1f0::/44",
      ]);
    },
  },
  "rules without tables": {
    change: async ({ host }) => {
      for (const family of families) {
        for (const table of [1002, 1003]) await host.ip(`${flag(family)} route flush table ${table}`);
      }
    },
  },
};

/** Does it. */
export async function perform(world: LonelyHost, deed: Deed = []): Promise<void> {
  if (typeof deed === "function") await deed(world);
  else if (deed.length > 0) await world.host.batch(deed);
}

async function flushRules(host: Namespace): Promise<void> {
  for (const family of families) {
    const ours = await sourceRules(host, family);
    await host.batch(ours.map((rule) => `rule delete ${rule} protocol 115`), family);
  }
}
