// What is printed is what `ip` takes, and what it prints reads back as the same.

import assert from "node:assert/strict";
import type { Family } from "../../src/model/address.ts";
import { addressText, linkText, routeText, ruleCommand, ruleText } from "../../src/model/text.ts";
import { readRoute } from "./route_text.ts";
import { readRule } from "./rule_text.ts";
import { readAddress, readWorld } from "./world.ts";

const indexes = (name: string) => Number(name.slice(2));
const names = (ifindex: number) => `em${ifindex}`;

function printed(text: string, family: Family): string {
  const { destination, ...route } = readRoute(text, { family, indexes });
  const { families } = readWorld({ links: "", addresses: "" });
  const { keys } = families[family].store;
  return routeText(
    { ...route, destination: keys.text(keys.add(destination.words, destination.length)) },
    names,
  );
}

const routes: [family: Family, route: string][] = [
  [4, "default via 10.0.0.1 dev em1 proto static metric 105"],
  [4, "10.0.0.0/16 dev em1 table 1002 proto kernel scope link src 10.0.0.2 metric 105"],
  [4, "10.0.0.7 dev em1 proto dhcp scope link"],
  [4, "10.0.0.0/8 tos 0x10 via 10.0.0.1 dev em1 proto 77"],
  [4, "10.0.0.0/8 via inet6 fe80::1 dev em1 proto bgp"],
  [4, "10.0.0.0/8 via 10.0.0.1 dev em1 onlink proto boot"],
  [4, "10.0.0.0/8 dev em1 proto boot scope global"],
  [4, "10.0.0.0/8 via 10.0.0.1 dev em1 realms 3/5 proto boot"],
  [4, "10.0.0.0/8 via 10.0.0.1 dev em1 realms 5 proto boot"],
  [4, "10.0.0.0/8 via 10.0.0.1 dev em1 proto boot mtu lock 1400 rto_min 200 congctl bbr"],
  [
    4,
    "10.0.0.0/8 proto boot nexthop via 10.0.0.1 dev em1 weight 3 nexthop dev em2 weight 1".replace(
      "boot",
      "boot scope global",
    ),
  ],
  [4, "blackhole 10.0.0.0/8 proto static"],
  [4, "unreachable default proto boot metric 4294967295"],
  [4, "prohibit 10.0.0.0/8 table 7 proto boot"],
  [4, "throw 10.0.0.0/8 proto 115"],
  [6, "default via fe80::1 dev em1 proto ra metric 100 pref high"],
  [6, "2001:db8::/32 from fd00::/8 via fe80::1 dev em1 proto ra metric 100 pref low"],
  [6, "fe80::/64 dev em1 table 1002 proto kernel metric 256"],
  [6, "unreachable 2001:db8::/56 proto static metric 1024"],
  [6, "2001:db8::1 dev em1 proto kernel metric 256"],
  [
    6,
    "2001:db8::/32 proto bird metric 32 nexthop via fe80::1 dev em1 weight 1 nexthop via fe80::2 dev em2 weight 9",
  ],
];
for (const [family, route] of routes) {
  Deno.test(`IPv${family} route: ${route}`, () => {
    assert.equal(
      printed(route.replace(" scope global", ""), family).replace(" scope global", ""),
      route.replace(" scope global", ""),
    );
    assert.equal(printed(printed(route, family), family), printed(route, family));
  });
}

Deno.test("a route through no gateway is printed with its scope, as `ip` would else take it for scope link", () => {
  assert.equal(printed("10.0.0.0/8 dev em1", 4), "10.0.0.0/8 dev em1 proto boot scope global");
});

const rules: [family: Family, rule: string][] = [
  [4, "from 10.0.0.2 lookup 1002"],
  [4, "from 10.0.0.0/16 iif lo lookup 1002"],
  [4, "from all lookup main"],
  [4, "from all lookup local"],
  [4, "from all to 10.0.0.0/8 tos 0x10 lookup default"],
  [4, "from all fwmark 0x1 lookup 52"],
  [4, "from all fwmark 0x1/0xff oif em1 lookup 52"],
  [4, "from all fwmark 0/0xff lookup 52"],
  [4, "from all lookup [l3mdev-table]"],
  [4, "from all goto 27300"],
  [4, "from all nop"],
  [6, "from 2001:db8::2 unreachable"],
  [6, "from 2001:db8::/32 blackhole"],
  [6, "from all prohibit"],
];
for (const [family, rule] of rules) {
  Deno.test(`IPv${family} rule: ${rule}`, () => assert.equal(ruleText(readRule(`7: ${rule}`, family)), rule));
}

Deno.test("a rule of ours as a command has all that it takes to delete it and no other", () => {
  const command = (text: string, family: Family) => ruleCommand("del", readRule(text, family));
  assert.equal(
    command("27200: from 10.0.0.2 lookup 1002 proto 115", 4),
    "ip rule del from 10.0.0.2 lookup 1002 priority 27200 protocol 115",
  );
  assert.equal(
    command("0: from fd00::2 lookup 1002", 6),
    "ip -6 rule del from fd00::2 lookup 1002 priority 0",
  );
});

Deno.test("links and addresses", () => {
  const { links } = readWorld({
    links: "2: em1 up\n3: em2 down kind veth master 4\n4: blue up kind vrf table 10",
    addresses: "",
  });
  assert.deepEqual([...links.values()].map(linkText), [
    "1: lo up",
    "2: em1 up",
    "3: em2 down kind veth master 4",
    "4: blue up kind vrf table 10",
  ]);
  const text = (line: string) => addressText(readAddress(line, indexes), names);
  assert.equal(text("10.0.0.2/16 dev em1"), "inet 10.0.0.2/16 scope global dev em1");
  assert.equal(
    text("10.0.0.2/32 peer 10.0.0.1 dev em1"),
    "inet 10.0.0.2/32 peer 10.0.0.1 scope global dev em1",
  );
  assert.equal(text("fe80::1/64 dev em1 scope link"), "inet6 fe80::1/64 scope link dev em1");
});
