// Routing daemons, failover, and clouds' helpers.

import { both, gateways, type Program } from "./program.ts";

/** zebra and pbrd: next hop objects, routes of every protocol in main, and tables of its own. */
export const frr: Program = {
  name: "FRR",
  links: [
    "nexthop add id 12 via 10.0.0.1 dev em1 proto 11",
    "nexthop add id 13 via 192.168.0.1 dev em2 proto 11",
    "nexthop add id 14 group 12/13 proto 11",
    "nexthop add id 22 via 2001:db8:1::1 dev em1 proto 11",
    "nexthop add id 23 via 2001:db8:2::1 dev em2 proto 11",
    "nexthop add id 24 group 22/23 proto 11",
  ],
  IPv4: [
    "route add 198.18.0.0/16 nhid 12 proto 186 metric 20",
    "route add 198.19.0.0/16 nhid 14 proto 186 metric 20",
    "route add 198.20.1.0/24 via 192.168.0.1 dev em2 proto 188 metric 20",
    "route add 198.20.2.0/24 via 192.168.0.1 dev em2 proto 189 metric 20",
    "route add blackhole 198.51.100.0/24 proto 196 metric 20",
    "route add default via 192.168.0.1 dev em2 table 10000 proto 195 metric 20",
    "route add 198.51.100.0/24 via 10.0.0.1 dev em1 table 10001 proto 195 metric 20",
    "rule add pref 300 from 10.50.0.0/24 table 10000 protocol 11",
    "rule add pref 301 from 10.50.0.0/24 to 198.51.100.0/24 iif em1 table 10001 protocol 11",
  ],
  IPv6: [
    "route add 2001:db8:180::/48 nhid 22 proto 186 metric 20",
    "route add 2001:db8:190::/48 nhid 24 proto 186 metric 20",
    "route add 2001:db8:201::/48 via 2001:db8:2::1 dev em2 proto 188 metric 20",
    "route add 2001:db8:202::/48 via 2001:db8:2::1 dev em2 proto 190 metric 20",
    "route add blackhole 2001:db8:510::/48 proto 196 metric 20",
    "route add default via 2001:db8:2::1 dev em2 table 10000 proto 195 metric 20",
    "rule add pref 300 from 2001:db8:500::/48 table 10000 protocol 11",
  ],
  probes: { IPv4: ["198.18.0.1", "198.20.1.1"], IPv6: ["2001:db8:180::1", "2001:db8:201::1"] },
};

/** A virtual address with its virtual rules and routes. */
export const keepalived: Program = {
  name: "keepalived",
  ...both([
    "address add {vip} dev em1",
    "route add {beyond} via {via1} dev em1 table 100 proto 18",
    "rule add pref 16384 from {from} table 100 protocol 18",
    "rule add pref 16383 to {beyond} table 100 protocol 18",
  ], {
    ...gateways,
    vip: ["10.0.0.100/32", "2001:db8:1::100/128 nodad"],
    from: ["10.0.0.100", "2001:db8:1::100"],
    beyond: ["172.30.0.0/24", "2001:db8:30::/48"],
  }),
  probes: { IPv4: ["172.30.0.1"], IPv6: ["2001:db8:30::1"] },
};

/** ec2-net-utils: a table for each interface beyond the first, before ours. */
export const ec2NetUtils: Program = {
  name: "ec2-net-utils",
  ...both([
    "route add default via {via2} dev em2 table 10003 proto 4",
    "route add {net2} dev em2 table 10003 proto 4",
    "rule add pref 10003 from {me2} table 10003 protocol 4",
  ], gateways),
};

/** Each uplink's routes once more, chosen by mark; replies by the interface that they came in on where it forwards. */
export const mwan3: Program = {
  name: "mwan3",
  ...both([
    "route add default via {via1} dev em1 table 1",
    "route add {net1} dev em1 table 1",
    "route add default via {via2} dev em2 table 2",
    "route add {net2} dev em2 table 2",
    "rule add pref 1001 iif em1 table 1",
    "rule add pref 1002 iif em2 table 2",
    "rule add pref 2001 fwmark 0x100/0x3f00 table 1",
    "rule add pref 2002 fwmark 0x200/0x3f00 table 2",
    "rule add pref 2061 fwmark 0x3d00/0x3f00 type blackhole",
    "rule add pref 2062 fwmark 0x3e00/0x3f00 type unreachable",
    "rule add pref 3001 fwmark 0x100/0x3f00 type unreachable",
    "rule add pref 3002 fwmark 0x200/0x3f00 type unreachable",
  ], gateways),
  nft: `
table inet mwan3 {
  chain mangle {
    type route hook output priority -150; policy accept;
    meta mark & 0x00003f00 == 0x00000000 meta mark set ct mark & 0x00003f00
  }
}
`,
};

/** OpenWrt's pbr: tables above rt_tables' last, at priorities behind ours. */
export const pbr: Program = {
  name: "pbr",
  ...both([
    "route add default via {via1} dev em1 table 256",
    "route add default via {via2} dev em2 table 257",
    "rule add pref 29999 fwmark 0x20000/0xff0000 table 257",
    "rule add pref 30000 fwmark 0x10000/0xff0000 table 256",
    "rule add pref 31000 table main suppress_prefixlength 1",
  ], gateways),
};

/** What has our protocol and not our form, or our form and no table of ours. */
export const lookalikes: Program = {
  name: "rules that only look like ours",
  ...both([
    "route add {far} dev em1 table 4000 proto 115",
    "rule add pref 27200 from {stranger} table main protocol 115",
    "rule add pref 27200 from {stranger} to {far} table 4000 protocol 115",
    "rule add pref 27200 from {stranger} iif em1 table 4000 protocol 115",
    "rule add pref 27200 from {stranger} type blackhole protocol 115",
    "rule add pref 27200 fwmark 0x1/0xff table 4000 protocol 115",
    "rule add pref 27200 not from {stranger} fwmark 0x2/0xff table 4000 protocol 115",
    "rule add pref 27199 from {stranger} table 1077 protocol 116",
    "rule add pref 27198 from {me2} fwmark 0x3/0xff table 1099",
  ], {
    ...gateways,
    stranger: ["198.51.100.7", "2001:db8:f0::7"],
    far: ["198.51.100.0/24", "2001:db8:f1::/48"],
  }),
};
