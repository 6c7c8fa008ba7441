// Whatever is left out is named, with the reason.

import assert from "node:assert/strict";
import { notesOn, settle, type Wish } from "../model/decide.ts";
import { readWorld, type WorldText } from "../model/world.ts";

const links = `
  2: em1 up
  3: em2 up
  6: br0 up kind bridge
  7: svc up kind dummy`;
const text: WorldText = {
  links,
  addresses: `
    10.0.0.2/16 dev em1
    2001:db8:1::2/64 dev em1
    10.3.0.2/24 dev em2
    172.17.0.1/16 dev br0
    198.51.100.80/32 dev lo
    198.51.100.81/32 dev svc
    2001:db8:f0::81/128 dev svc`,
  routes: "default via 10.0.0.1 dev em1 metric 105\ndefault via 10.3.0.1 dev em2 metric 106",
  routes6: "default via fe80::1 dev em1 metric 105\ndefault via fe80::3 dev em2 metric 106",
};

function reasons(name: string, wish: Wish = {}, more: Partial<WorldText> = {}): string[] {
  return notesOn(name, settle(readWorld({ ...text, ...more }), wish));
}

for (
  const [ip, name] of [
    ["172.17.0.1", "br0"],
    ["198.51.100.80", "lo"],
    ["198.51.100.81", "svc"],
    ["2001:db8:f0::81", "svc"],
  ]
) {
  Deno.test(`an address of ${name}, which is inside, has no rule: ${ip}`, () => {
    assert.deepEqual(reasons(ip), [`(${name}): skipped: ${name} is inside: main decides for its addresses`]);
  });
}

Deno.test("an address that has a rule has no reason", () => assert.deepEqual(reasons("10.0.0.2"), []));

Deno.test("an address of an interface that is left out by option", () => {
  const wishes: Wish[] = [{ exclude: ["em2"] }, { interfaces: ["em1"] }];
  for (const wish of wishes) {
    assert.deepEqual(reasons("10.3.0.2", wish), ["(em2): skipped: em2 is left out by option"]);
  }
});

Deno.test("an uplink without an address of the family has no table", () => {
  assert.deepEqual(reasons("em2").at(-1), "(IPv6): skipped: it has no address to answer from");
});

Deno.test("an interface that an option calls inside: its default is not shared", () => {
  const wish: Wish = { roles: [{ glob: "em2", role: "inside" }] };
  assert.deepEqual(reasons("em2", wish), [
    "(IPv4): inside because --role em2=inside says so",
    "(IPv4): its ways to the world are not shared: only networks inside are",
    "(IPv6): inside because --role em2=inside says so",
    "(IPv6): its ways to the world are not shared: only networks inside are",
  ]);
});

Deno.test("the next hops by an interface that is down are left out", () => {
  const routes = `${text.routes}
    10.7.0.0/16 proto static
      nexthop via 10.0.0.1 dev em1 weight 1
      nexthop via 10.3.0.1 dev em2 weight 1`;
  const said = reasons("em2", {}, { links: links.replace("em2 up", "em2 down"), routes });
  assert.deepEqual(said[1], "(IPv4): its next hops are skipped: it is down");
});
