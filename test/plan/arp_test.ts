// Two interfaces in one IPv4 network: what is said of it, and when.

import assert from "node:assert/strict";
import { decide, troubles } from "../model/decide.ts";
import { readWorld } from "../model/world.ts";

const two = "10.0.0.2/24 dev em1\n10.0.0.3/24 dev em2";
const flux = ["em1", "em2", "em3"].map((name) => `${name} ignore 0 announce 0 filter 0`).join("\n");

function said(arp: string, addresses = two, wish: Parameters<typeof decide>[1] = {}): string[] {
  const links = "2: em1 up\n3: em2 up\n4: em3 up\n5: tun5 up kind tun arp none\n6: br0 up kind bridge";
  const routes = "default via 10.0.0.1 dev em1 metric 5\ndefault via 10.0.0.1 dev em2 metric 6";
  return troubles(decide(readWorld({ links, addresses, routes, arp }), wish));
}

const whole =
  "warning: em1 and em2 are in one network, 10.0.0.0/24, and answer ARP for each other's addresses: " +
  "requests come in by any of them (sysctl net.ipv4.conf.em1.arp_ignore=1 net.ipv4.conf.em1.arp_announce=2 " +
  "net.ipv4.conf.em2.arp_ignore=1 net.ipv4.conf.em2.arp_announce=2 ends that)";

Deno.test("two interfaces in one network are named, with what to set", () =>
  assert.deepEqual(said(flux), [whole]));

Deno.test("what is set already is not named", () => {
  const [text] = said("em1 ignore 1 announce 2 filter 0\nem2 ignore 0 announce 2 filter 0");
  assert.match(text, /\(sysctl net\.ipv4\.conf\.em2\.arp_ignore=1 ends that\)$/);
});

const settings: [setting: string, isEnough: boolean][] = [
  ["ignore 1 announce 2 filter 0", true],
  ["ignore 2 announce 2 filter 0", true],
  ["ignore 8 announce 2 filter 0", true],
  ["ignore 0 announce 2 filter 1", true],
  ["ignore 3 announce 2 filter 0", false],
  ["ignore 1 announce 1 filter 0", false],
  ["ignore 1 announce 3 filter 0", false],
];
for (const [setting, isEnough] of settings) {
  Deno.test(`${setting}: is ${isEnough ? "" : "not "}enough`, () =>
    assert.equal(said(`em1 ${setting}\nem2 ${setting}`).length, isEnough ? 0 : 1));
}

const quiet: [name: string, addresses: string, wish?: Parameters<typeof decide>[1]][] = [
  ["networks of their own", "10.0.0.2/24 dev em1\n10.0.1.2/24 dev em2"],
  ["one of them left out", two, { exclude: ["em2"] }],
  ["one of them inside", two, { roles: [{ glob: "em2", role: "inside" }] }],
  ["one that does not ask by ARP", "10.0.0.2/24 dev em1\n10.0.0.3/24 dev tun5", {
    roles: [{ glob: "tun5", role: "uplink" }],
  }],
  ["two addresses of one", "10.0.0.2/24 dev em1\n10.0.0.3/24 dev em1\n10.0.0.9/16 dev em1"],
  ["peers", "10.0.0.2/32 peer 10.0.0.1 dev em1\n10.0.0.3/32 peer 10.0.0.1 dev em2"],
  ["IPv6", "2001:db8::2/64 dev em1\n2001:db8::3/64 dev em2"],
];
for (const [name, addresses, wish] of quiet) {
  Deno.test(`nothing is said of ${name}`, () => assert.deepEqual(said(flux, addresses, wish), []));
}

Deno.test("nothing is said where the settings are not to be seen", () => assert.deepEqual(said(""), []));

Deno.test("a network inside another one's", () => {
  const [text] = said(flux, "10.0.0.2/16 dev em1\n10.0.7.3/24 dev em2");
  assert.match(text, /^warning: em1 and em2 are in one network, 10\.0\.0\.0\/16, /);
});

Deno.test("three in one network, once", () => {
  const found = said(flux, `${two}\n10.0.0.4/24 dev em3\n10.0.0.5/24 dev em3`);
  assert.equal(found.length, 1);
  assert.match(found[0], /^warning: em1, em2 and em3 are in one network, /);
});

Deno.test("a name with a dot, as sysctl wants it", () => {
  const world = readWorld({
    links: "2: em1 up\n3: em1.5 up kind vlan",
    addresses: "10.0.0.2/24 dev em1\n10.0.0.3/24 dev em1.5",
    routes: "default via 10.0.0.1 dev em1",
    arp: "em1 ignore 1 announce 2 filter 0\nem1.5 ignore 0 announce 2 filter 0",
  });
  assert.match(troubles(decide(world)).join(), /sysctl net\.ipv4\.conf\.em1\/5\.arp_ignore=1 ends/);
});
