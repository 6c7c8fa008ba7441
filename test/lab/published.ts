// The ways in which a port of the host leads to a server behind it: port 8080 of every address to port 80 of the server.

import { families, type Family } from "./addressing.ts";
import { inner } from "./inner.ts";
import type { Namespace } from "./netns.ts";

/**
 * By nftables: ports, and echo requests too. Port 8081 leads to where nobody listens, 21 to 21. With `hairpin` this holds also
 * for who asks from the server's own network.
 */
export async function publish(
  host: Namespace,
  device: string,
  { hairpin = false }: { hairpin?: boolean } = {},
): Promise<void> {
  const [ipv4, ipv6] = families.map((family) => inner[family].server);
  await host.nft(`
table inet published {
  chain prerouting {
    type nat hook prerouting priority dstnat;
    fib daddr type local ${hairpin ? "" : `iifname != "${device}"`} jump local
  }
  chain local {
    meta l4proto { tcp, udp } th dport 8080 dnat ip to ${ipv4}:80
    meta l4proto { tcp, udp } th dport 8080 dnat ip6 to [${ipv6}]:80
    meta l4proto { tcp, udp } th dport 8081 dnat ip to ${ipv4}:81
    meta l4proto { tcp, udp } th dport 8081 dnat ip6 to [${ipv6}]:81
    tcp dport 21 dnat ip to ${ipv4}:21
    tcp dport 21 dnat ip6 to [${ipv6}]:21
    icmp type echo-request dnat ip to ${ipv4}
    icmpv6 type echo-request dnat ip6 to ${ipv6}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
    iifname "${device}" oifname != "${device}" masquerade
    iifname "${device}" oifname "${device}" ct status dnat masquerade
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    ct status dnat accept
    iifname "${device}" accept
  }
}`);
}

const commands: Record<Family, string> = { IPv4: "iptables-nft-restore", IPv6: "ip6tables-nft-restore" };

/** Loads rules in the words of iptables-save(8), once for each family; SERVER and NETWORK stand for the inner ones. */
export async function iptables(host: Namespace, rules: string): Promise<void> {
  for (const family of families) {
    const { server, network } = inner[family];
    const to = family === "IPv4" ? server : `[${server}]`;
    const stdin = rules.replaceAll("TO_SERVER", to).replaceAll("SERVER", server).replaceAll(
      "NETWORK",
      network,
    );
    await host.must([commands[family], "--noflush"], { stdin });
  }
}

/** As Docker does, with its filter and its protection of the containers' own addresses. */
export const docker = `
*raw
-A PREROUTING -d SERVER ! -i docker0 -j DROP
COMMIT
*nat
:DOCKER -
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s NETWORK ! -o docker0 -j MASQUERADE
-A POSTROUTING -s SERVER -d SERVER -p tcp -m tcp --dport 80 -j MASQUERADE
-A POSTROUTING -s SERVER -d SERVER -p udp -m udp --dport 80 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination TO_SERVER:80
-A DOCKER ! -i docker0 -p udp -m udp --dport 8080 -j DNAT --to-destination TO_SERVER:80
COMMIT
*filter
:FORWARD DROP
:DOCKER -
:DOCKER-ISOLATION-STAGE-1 -
:DOCKER-ISOLATION-STAGE-2 -
:DOCKER-USER -
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER -d SERVER ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER -d SERVER ! -i docker0 -o docker0 -p udp -m udp --dport 80 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
COMMIT
`;

/** As libvirt does for a network of virtual machines, with the port forward that its documentation gives as a hook. */
export const libvirt = `
*nat
-A PREROUTING ! -i virbr0 -p tcp -m addrtype --dst-type LOCAL -m tcp --dport 8080 -j DNAT --to-destination TO_SERVER:80
-A PREROUTING ! -i virbr0 -p udp -m addrtype --dst-type LOCAL -m udp --dport 8080 -j DNAT --to-destination TO_SERVER:80
-A POSTROUTING -s NETWORK ! -d NETWORK -p tcp -j MASQUERADE --to-ports 1024-65535
-A POSTROUTING -s NETWORK ! -d NETWORK -p udp -j MASQUERADE --to-ports 1024-65535
-A POSTROUTING -s NETWORK ! -d NETWORK -j MASQUERADE
COMMIT
*filter
-A FORWARD -d SERVER -o virbr0 -p tcp -m tcp --dport 80 -j ACCEPT
-A FORWARD -d SERVER -o virbr0 -p udp -m udp --dport 80 -j ACCEPT
-A FORWARD -d NETWORK -o virbr0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -s NETWORK -i virbr0 -j ACCEPT
-A FORWARD -i virbr0 -o virbr0 -j ACCEPT
-A FORWARD -o virbr0 -j REJECT
-A FORWARD -i virbr0 -j REJECT
COMMIT
`;
