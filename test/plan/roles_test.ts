// The role of an interface: the first sentence that holds decides, and is told.

import assert from "node:assert/strict";
import type { Family } from "../../src/model/address.ts";
import { assertCommands, decide, notesOn, settle, tableOf, type Wish } from "../model/decide.ts";
import { readWorld, type WorldText } from "../model/world.ts";

/** A LAN on em9, which the routes of each case lead to or through. */
const sides = {
  4: { address: "10.9.0.1/24", connected: "10.9.0.0/24 dev em9 proto kernel scope link src 10.9.0.1" },
  6: {
    address: "2001:db8:9::1/64",
    connected: "2001:db8:9::/64 dev em9 proto kernel metric 256 pref medium",
  },
};

interface Case {
  readonly link?: string;
  readonly ports?: string;
  readonly addresses?: string;
  readonly routes?: string;
  readonly routes6?: string;
  readonly wish?: Wish;
  /** The sentence where forwarding is off, and, where another, where it is on. */
  readonly off: string;
  readonly on?: string;
}

function world(
  family: Family,
  { link, ports, addresses, routes, routes6 }: Case,
  forwarding: boolean,
): WorldText {
  const { address, connected } = sides[family];
  const main = `${connected}\n${(family === 4 ? routes : routes6) ?? ""}`;
  return {
    links: `9: em9 up ${link ?? ""}\n${ports ?? ""}`,
    addresses: addresses ?? `${address} dev em9`,
    ...(family === 4 ? { routes: main } : { routes6: main }),
    forwarding: forwarding ? [family] : [],
  };
}

/** That the sentence is right in both families and with both kinds of hosts. */
function assertRole(name: string, example: Case): void {
  Deno.test(name, () => {
    for (const family of [4, 6] as const) {
      if (family === 6 && example.routes !== undefined && example.routes6 === undefined) continue;
      for (const forwarding of [false, true]) {
        const decision = settle(readWorld(world(family, example, forwarding)), example.wish);
        const sentence = forwarding ? example.on ?? example.off : example.off;
        const notes = notesOn("em9", decision).filter((note) => note.startsWith(`(IPv${family})`));
        assert.equal(notes[0], `(IPv${family}): ${sentence}`, `forwarding ${forwarding}`);
        const hasRule = decision.plan.families[family].rules.length > 0;
        assert.equal(hasRule, !sentence.startsWith("inside") && example.addresses === undefined);
      }
    }
  });
}

const viaGateway = {
  routes: "172.16.0.0/12 via 10.9.0.254 dev em9",
  routes6: "2001:db8:100::/40 via fe80::254 dev em9 metric 1024",
};
const byDefault = {
  routes: "default via 10.9.0.254 dev em9",
  routes6: "default via fe80::254 dev em9 metric 1024",
};
const isForwarding = "inside because forwarding is on and no default leads there";
const isStub = "stub because it has an address and leads to one network";
const isUplink = "uplink because main has a default route through it";
const hasGateway = "uplink because main has a route with a gateway on it and forwarding is off";

assertRole("a default route makes an uplink", { ...byDefault, off: isUplink });
assertRole("a route with a gateway makes an uplink of a host, not of a router", {
  ...viaGateway,
  off: hasGateway,
  on: isForwarding,
});
assertRole("a network that nothing leads out of is a stub of a host, and inside a router", {
  off: isStub,
  on: isForwarding,
});
assertRole("one of several next hops with a gateway counts", {
  routes: "172.16.0.0/12 nexthop via 10.9.0.254 dev em9 weight 1 nexthop via 10.8.0.1 dev lo weight 1",
  off: hasGateway,
  on: isForwarding,
});
assertRole("a link without a global address is inside", {
  addresses: "",
  off: "inside because it has no global address",
});
assertRole("a link with link-local addresses alone is inside", {
  routes6: "",
  addresses: "fe80::9/64 dev em9 scope link\n169.254.0.9/16 dev em9 scope link",
  off: "inside because it has no global address",
});
assertRole("an uplink is one without an address too", { ...byDefault, addresses: "", off: isUplink });

const noPort = "inside because it is a bridge without a physical, vlan or bond port";
assertRole("a bridge without ports is inside", { link: "kind bridge", off: noPort });
assertRole("a bridge of containers is inside", {
  link: "kind bridge",
  ports: "10: veth1 up kind veth master 9\n11: tap1 up kind tun master 9",
  off: noPort,
});
for (const kind of ["", "kind dsa", "kind vlan", "kind bond", "kind team"]) {
  assertRole(`a bridge with a ${kind.slice(5) || "physical"} port leads out`, {
    link: "kind bridge",
    ports: `10: port up ${kind} master 9`,
    off: isStub,
    on: isForwarding,
  });
}
assertRole("another bridge's physical port does not count", {
  link: "kind bridge",
  ports: "10: port up master 11\n11: br1 up kind bridge",
  off: noPort,
});
assertRole("a bridge with a default route is an uplink", {
  link: "kind bridge",
  ...byDefault,
  off: isUplink,
});
assertRole("a bridge of containers with a route by one of them is inside", {
  link: "kind bridge",
  ...viaGateway,
  off: noPort,
});
assertRole("a bridge that leads out and has a gateway on it is an uplink of a host", {
  link: "kind bridge",
  ports: "10: port up master 9",
  ...viaGateway,
  off: hasGateway,
  on: isForwarding,
});
assertRole("with --isolate a gateway makes an uplink of a router's too, and the sentence says why", {
  ...viaGateway,
  wish: { isolate: true },
  off: "uplink because main has a route with a gateway on it and forwarding is not looked at",
});

const tunnels = ["wireguard", "tun", "ppp", "l2tp", "ipip", "gre", "ip6gre", "ip6tnl", "sit", "vti", "xfrm"];
for (const kind of [...tunnels, "vxlan", "geneve"]) {
  const off = `inside because it is a tunnel (${kind})`;
  assertRole(`${kind} is inside`, { link: `kind ${kind}`, off });
  assertRole(`${kind} is inside with a gateway behind it too`, { link: `kind ${kind}`, ...viaGateway, off });
  assertRole(`${kind} with a default route is an uplink`, {
    link: `kind ${kind}`,
    ...byDefault,
    off: isUplink,
  });
}
assertRole("a modem that says only by its hardware type that it is a tunnel is inside", {
  link: "arp ppp",
  off: "inside because it is a tunnel (by its type)",
});
assertRole("a dummy is inside", { link: "kind dummy", off: "inside because it is a dummy" });
for (const kind of ["vlan", "bond", "macvlan", "ipvlan", "veth"]) {
  assertRole(`a ${kind} is what its routes make it`, { link: `kind ${kind}`, off: isStub, on: isForwarding });
}

assertRole("--role outdoes the routes", {
  ...byDefault,
  wish: { roles: [{ glob: "em*", role: "inside" }] },
  off: "inside because --role em*=inside says so",
});
assertRole("--role makes an uplink of a tunnel", {
  link: "kind wireguard",
  wish: { roles: [{ glob: "em9", role: "uplink" }] },
  off: "uplink because --role em9=uplink says so",
});
assertRole("of several --role the first that fits decides", {
  wish: {
    roles: [{ glob: "wg*", role: "inside" }, { glob: "em9", role: "stub" }, { glob: "*", role: "inside" }],
  },
  off: "stub because --role em9=stub says so",
});

Deno.test("lo is inside, and an address on it has no rule", () => {
  const text = { links: "", addresses: "192.0.2.1/32 dev lo", routes: "default dev lo" };
  const decision = assertCommands(text, "");
  assert.deepEqual(notesOn("lo", decision)[0], "(IPv4): inside because it is a loopback");
});

Deno.test("a role is decided for each family by itself", () => {
  const decision = decide(readWorld({
    links: "9: em9 up",
    addresses: "10.9.0.1/24 dev em9\n2001:db8:9::1/64 dev em9",
    routes: "default via 10.9.0.254 dev em9",
    forwarding: [6],
  }));
  assert.deepEqual(notesOn("em9", decision), [`(IPv4): ${isUplink}`, `(IPv6): ${isForwarding}`]);
});

Deno.test("a stub's table has its network and what is inside, not another's ways out", () => {
  const text = {
    links: "2: em1 up\n3: data up\n6: br0 up kind bridge",
    addresses: "10.0.0.2/16 dev em1\n10.3.0.2/24 dev data\n172.17.0.1/16 dev br0",
    routes: `
      default via 10.0.0.1 dev em1
      10.0.0.0/16 dev em1 scope link
      10.3.0.0/24 dev data scope link
      172.17.0.0/16 dev br0 scope link`,
  };
  assert.deepEqual(tableOf(text, { table: 1003 }), [
    "10.3.0.0/24 dev data proto boot scope link",
    "172.17.0.0/16 dev br0 proto boot scope link",
  ]);
});

Deno.test("of a tunnel that leads to the world, the network that its address is in is inside all the same", () => {
  const text = {
    links: "2: em1 up\n3: tun0 up kind tun\n4: em4 up",
    addresses: "10.0.0.2/16 dev em1\n10.8.0.2/24 dev tun0\n10.4.0.2/24 dev em4",
    routes: `
      0.0.0.0/1 via 10.8.0.1 dev tun0
      128.0.0.0/1 via 10.8.0.1 dev tun0
      default via 10.0.0.1 dev em1
      default via 10.4.0.1 dev em4 metric 7
      10.0.0.0/16 dev em1 proto kernel scope link
      10.4.0.0/24 dev em4 proto kernel scope link
      10.8.0.0/24 dev tun0 proto kernel scope link src 10.8.0.2
      10.100.0.0/16 via 10.8.0.1 dev tun0
      10.101.0.0/16 dev tun0 scope link`,
  };
  const own = "10.8.0.0/24 dev tun0 proto kernel scope link src 10.8.0.2";
  const byTunnel = (roles: Wish["roles"] = []) =>
    tableOf(text, { table: 1002, roles }).filter((route) => route.includes("tun0"));
  assert.deepEqual(byTunnel(), [own]);
  assert.deepEqual(byTunnel([{ glob: "tun0", role: "stub" }]), []);
});
