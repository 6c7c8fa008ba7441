// What brings containers their networks.

import { both, gateways, type Program } from "./program.ts";

/** Veths whose other ends would be in containers: here, beside them and down. */
function veth(name: string): string[] {
  return [`link add ${name} type veth peer name ${name}-in`, `link set ${name} up`];
}

export const docker: Program = {
  name: "Docker",
  sysctl: { "ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1 },
  links: [
    "link add docker0 type bridge",
    "link set docker0 up",
    ...veth("veth1"),
    "link set veth1 master docker0",
    "link set veth1-in up",
    "link add br-5f3a type bridge",
    "link set br-5f3a up",
  ],
  ...both(["address add {bridge} dev docker0", "address add {second} dev br-5f3a"], {
    bridge: ["172.17.0.1/16", "fd00:d0::1/64 nodad"],
    second: ["172.18.0.1/16", "fd00:d1::1/64 nodad"],
  }),
  nft: `
table ip nat {
  chain POSTROUTING {
    type nat hook postrouting priority 100; policy accept;
    oifname != "docker0" ip saddr 172.17.0.0/16 masquerade
  }
  chain PREROUTING {
    type nat hook prerouting priority -100; policy accept;
    fib daddr type local tcp dport 8081 dnat to 172.17.0.2:80
  }
}
table ip filter {
  chain FORWARD {
    type filter hook forward priority 0; policy drop;
    oifname "docker0" ct state related,established accept
    iifname "docker0" accept
  }
}
`,
  probes: {
    IPv4: ["198.51.100.1 from 172.17.0.2 iif docker0", "172.17.0.2 from 192.168.0.2"],
    IPv6: ["2001:db8:f0::1 from fd00:d0::2 iif docker0"],
  },
};

/** Pods on secondary network interfaces: rules around main's, a table for each interface. */
export const awsVpcCni: Program = {
  name: "AWS VPC CNI",
  links: veth("eni0a"),
  ...both([
    "route add {pod} dev eni0a",
    "route add {via2} dev em2 table 3",
    "route add default via {via2} dev em2 table 3",
    "rule add pref 10 iif vlan.eth.1 table 101",
    "rule add pref 20 table local",
    "rule add pref 512 to {pod} table main",
    "rule add pref 1024 fwmark 0x80/0x80 table main",
    "rule add pref 1536 from {pod} table 3",
  ], { ...gateways, pod: ["10.0.1.7", "2001:db8:1:7::7"] }),
  probes: {
    IPv4: ["10.0.1.7", "198.51.100.1 from 10.0.1.7 iif eni0a"],
    IPv6: ["2001:db8:1:7::7", "2001:db8:f0::1 from 2001:db8:1:7::7 iif eni0a"],
  },
};

/** It puts the rule to the local table behind its own. */
export const cilium: Program = {
  name: "Cilium",
  links: [
    "link add cilium_host type veth peer name cilium_net",
    "link set cilium_host up",
    "link set cilium_net up",
  ],
  ...both([
    "address add {own} dev cilium_host",
    "route add {router} dev cilium_host proto 2",
    "route add {pods} via {router} dev cilium_host proto 2{onlink}",
    "route add {others} via {node} dev em1 proto 2",
    "route add local default dev lo table 2004 proto 2",
    "route add {router} dev cilium_host table 2005 proto 2",
    "route add default via {router} dev cilium_host table 2005 proto 2{onlink}",
    "rule add pref 9 fwmark 0x200/0xf00 table 2004 protocol 2",
    "rule add pref 10 fwmark 0xa00/0xf00 table 2005 protocol 2",
    "rule add pref 100 table local protocol 2",
    "rule delete pref 0 table local protocol 2",
    "rule add pref 111 from {pod} table 200 protocol 2",
    "route add default via {via2} dev em2 table 200 proto 2",
  ], {
    ...gateways,
    own: ["10.244.1.236/32", "fd44:1::236/128 nodad"],
    router: ["10.244.1.236", "fd44:1::237"],
    onlink: ["", " onlink"],
    pods: ["10.244.1.0/24", "fd44:1::/64"],
    others: ["10.244.2.0/24", "fd44:2::/64"],
    node: ["10.0.0.7", "2001:db8:1::7"],
    pod: ["10.244.1.5", "fd44:1::5"],
  }),
};

export const calico: Program = {
  name: "Calico",
  links: [...veth("cali12d4a06"), "tuntap add wireguard.cali mode tun", "link set wireguard.cali up"],
  ...both([
    "route add {pod} dev cali12d4a06 proto 80",
    "route add blackhole {block} proto 80",
    "route add {other} via {node} dev em1 proto 80 onlink",
    "route add throw {block} table 5 proto 80",
    "route add {far} dev wireguard.cali table 5 proto 80",
    "rule add pref 99 not fwmark 0x100000/0x100000 table 5 protocol 80",
  ], {
    pod: ["10.65.0.5", "fd65:0:0:1::5"],
    block: ["10.65.0.0/26", "fd65:0:0:1::/122"],
    other: ["10.65.2.0/26", "fd65:0:0:2::/122"],
    node: ["10.0.0.7", "2001:db8:1::7"],
    far: ["10.65.1.0/26", "fd65:0:0:3::/122"],
  }),
  probes: { IPv4: ["10.65.0.5", "10.65.1.1"], IPv6: ["fd65:0:0:1::5", "fd65:0:0:3::1"] },
};

/** Egress addresses: tables numbered as ours are, with the routes that main has by that interface. */
export const ovnKubernetes: Program = {
  name: "OVN-Kubernetes",
  ...both([
    "rule add pref 5999 fwmark 0x3f0 table main",
    "rule add pref 6000 from {pod} table 1003",
    "rule add pref 6000 from {other} table 1003",
    "route add {net2} dev em2 table 1003",
    "route add default via {via2} dev em2 table 1003",
  ], { ...gateways, pod: ["10.128.0.5", "fd80::5"], other: ["10.128.0.6", "fd80::6"] }),
};
