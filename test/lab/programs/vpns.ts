// VPNs. A tun stands in for their WireGuard link: it is a tunnel too, and has neither peers nor carrier.

import { both, gateways, type Program } from "./program.ts";

function tunnel(name: string): string[] {
  return [`tuntap add ${name} mode tun`, `link set ${name} up mtu 1420`];
}

/** Of wg-quick(8), add_default: everything but its own packets goes through the tunnel, unless main has a better way. */
export const wgQuick: Program = {
  name: "wg-quick with all addresses allowed",
  sysctl: { "ipv4/conf/all/src_valid_mark": 1 },
  links: tunnel("wg0"),
  ...both([
    "address add {own} dev wg0",
    "rule add not fwmark 51820 table 51820",
    "rule add table main suppress_prefixlength 0",
    "route add default dev wg0 table 51820",
  ], { own: ["10.66.0.2/32", "fd66::2/128 nodad"] }),
  nft: `
table ip wg-quick-wg0 {
  chain preraw {
    type filter hook prerouting priority -300; policy accept;
    iifname != "wg0" ip daddr 10.66.0.2 fib saddr type != local drop
  }
  chain premangle {
    type filter hook prerouting priority -150; policy accept;
    meta l4proto udp meta mark set ct mark
  }
  chain postmangle {
    type filter hook postrouting priority -150; policy accept;
    meta l4proto udp meta mark 0x0000ca6c ct mark set meta mark
  }
}
`,
};

export const wgQuickSplit: Program = {
  name: "wg-quick with one network allowed",
  links: tunnel("wg1"),
  ...both(["address add {own} dev wg1", "route add {net} dev wg1"], {
    own: ["10.67.0.2/32", "fd67::2/128 nodad"],
    net: ["10.67.0.0/16", "fd67::/64"],
  }),
};

/** wgengine/router: bypass by mark, then its own table. */
export const tailscale: Program = {
  name: "Tailscale",
  links: tunnel("tailscale0"),
  ...both([
    "address add {own} dev tailscale0",
    "rule add pref 5210 fwmark 0x80000/0xff0000 table main",
    "rule add pref 5230 fwmark 0x80000/0xff0000 table default",
    "rule add pref 5250 fwmark 0x80000/0xff0000 type unreachable",
    "rule add pref 5270 table 52",
    "route add {peer} dev tailscale0 table 52",
    "route add {dns} dev tailscale0 table 52",
    "route add throw {lan} table 52",
  ], {
    own: ["100.100.1.2/32", "fd7a:115c:a1e0::2/128 nodad"],
    peer: ["100.101.1.1/32", "fd7a:115c:a1e0::3/128"],
    dns: ["100.100.100.100/32", "fd7a:115c:a1e0::53/128"],
    lan: ["172.31.0.0/16", "2001:db8:31::/48"],
  }),
  nft: `
table inet ts {
  chain forward {
    type filter hook forward priority 0; policy accept;
    iifname "tailscale0" meta mark set meta mark & 0xff00ffff | 0x00040000
    meta mark & 0x00ff0000 == 0x00040000 accept
  }
}
`,
  probes: { IPv4: ["100.101.1.1"], IPv6: ["fd7a:115c:a1e0::3"] },
};

export const netbird: Program = {
  name: "NetBird",
  links: tunnel("wt0"),
  ...both([
    "address add {own} dev wt0",
    "rule add pref 105 table main suppress_prefixlength 0",
    "rule add pref 110 not fwmark 0x1bd00 table 7120",
    "route add {net} dev wt0 table 7120",
  ], { own: ["100.64.99.2/32", "fd99::2/128 nodad"], net: ["10.99.0.0/16", "fd99::/64"] }),
  probes: { IPv4: ["10.99.0.1"], IPv6: ["fd99::1"] },
};

/** Its table and its mark have one number, and its rules come before those that are there. */
export const mullvad: Program = {
  name: "Mullvad",
  links: tunnel("wg-mullvad"),
  ...both([
    "address add {own} dev wg-mullvad",
    "rule add not fwmark 0x6d6f6c65 table 1836018789",
    "rule add table main suppress_prefixlength 0",
    "route add default dev wg-mullvad table 1836018789",
  ], { own: ["10.68.0.2/32", "fd68::2/128 nodad"] }),
};

/** A full tunnel of NetworkManager's (wireguard.ip4-auto-default-route), and what nm-cloud-setup adds. */
export const networkManager: Program = {
  name: "NetworkManager",
  links: tunnel("nm-wg0"),
  ...both([
    "address add {own} dev nm-wg0",
    "route add default dev nm-wg0 table 52030 proto 4 metric 50",
    "rule add pref 31765 table main suppress_prefixlength 0 protocol 4",
    "rule add pref 31766 not fwmark 0xcb3e table 52030 protocol 4",
    "rule add pref 30350 table main suppress_prefixlength 0 protocol 4",
    "rule add pref 30400 from {second} table 30400 protocol 4",
    "route add default via {via2} dev em2 table 30400 proto 4 metric 10",
    "route add {net2} dev em2 table 30400 proto 4 metric 10",
  ], {
    ...gateways,
    own: ["10.69.0.2/32", "fd69::2/128 nodad"],
    second: ["192.168.0.77", "2001:db8:2::77"],
  }),
};
