// A host whose main has a bit of everything, in both families: what the order of changes has to be right for.

import { LonelyHost } from "./lonely.ts";
import { eventually } from "./process.ts";

/** Prefixes within prefixes by different uplinks, bans and what pierces them, multipath, networks inside, a LAN. */
const routes = [
  "198.0.0.0/8 via 192.168.0.1 dev em2",
  "198.51.0.0/16 via 172.19.0.1 dev em3",
  "198.51.100.0/24 via 192.168.0.1 dev em2",
  "198.51.100.128/25 via 10.0.0.1 dev em1",
  "unreachable 198.18.0.0/15",
  "198.18.7.0/24 via 10.0.0.1 dev em1",
  "198.18.7.128/25 via 192.168.0.1 dev em2",
  "100.100.0.0/16 nexthop via 10.0.0.1 nexthop via 192.168.0.1",
  "100.101.0.0/16 via 10.0.0.1 dev em1 src 192.168.0.2",
  "172.31.0.0/16 via 172.30.0.9 dev br0",
  "100.102.0.0/16 via 172.20.0.9 dev lan",
  "2001:db8:f000::/36 via 2001:db8:3::1 dev em3",
  "2001:db8:f100::/40 via 2001:db8:2::1 dev em2",
  "2001:db8:f1f0::/44 via 2001:db8:1::1 dev em1",
  "unreachable 2001:db8:e000::/36",
  "2001:db8:e700::/40 via 2001:db8:1::1 dev em1",
  "2001:db8:e7f0::/44 via 2001:db8:2::1 dev em2",
  "2001:db8:d000::/36 nexthop via 2001:db8:1::1 nexthop via 2001:db8:2::1",
  "2001:db8:b100::/40 via 2001:db8:b0::9 dev br0",
  "2001:db8:a100::/40 via 2001:db8:a0::9 dev lan",
];

/** Three uplinks, a bridge of containers (br0), a network without a default (lan); second addresses. */
export async function crowdedHost(): Promise<LonelyHost> {
  const lonely = await LonelyHost.build({ uplinks: 3 });
  await lonely.cable("lan", 20);
  await lonely.host.batch([
    "link add br0 type bridge",
    "link add port type veth peer name guest",
    "link set port master br0",
    ...["br0", "port", "guest"].map((link) => `link set ${link} up`),
    "address add 172.30.0.1/16 dev br0",
    "address add 2001:db8:b0::1/64 dev br0 nodad",
    "address add 172.20.0.1/16 dev lan",
    "address add 2001:db8:a0::1/64 dev lan nodad",
    "address add 10.0.0.3/16 dev em1 metric 105",
    "address add 192.168.0.3/24 dev em2 metric 106",
    "address add 2001:db8:2::3/64 dev em2 metric 106 nodad",
    ...routes.map((route) => `route add ${route}`),
  ]);
  await eventually(async () => {
    if (/NO-CARRIER/.test(await lonely.host.ip("link show up"))) throw new Error("no carrier yet");
    if (/linkdown/.test(await lonely.host.ip("-4 route show table all"))) throw new Error("no carrier yet");
  });
  return lonely;
}
