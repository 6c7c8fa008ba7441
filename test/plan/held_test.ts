// What a program that runs on knows of its last pass, and one that starts anew does not.

import assert from "node:assert/strict";
import { type Held, heldAfter } from "../../src/plan/held.ts";
import { decide, settle } from "../model/decide.ts";
import { readWorld, type WorldText } from "../model/world.ts";

const links = "2: em1 up\n3: em2 up\n6: br0 up kind bridge";
const addresses = "10.0.0.2/16 dev em1\n10.3.0.2/16 dev em2";
const routes = "default via 10.0.0.1 dev em1\ndefault via 10.3.0.1 dev em2 metric 5";
const rules = "27200: from 10.0.0.2 lookup 1002 proto 115\n27200: from 10.3.0.2 lookup 1003 proto 115";
const mirrored = "default via 10.0.0.1 dev em1 table 1002\ndefault via 10.3.0.1 dev em2 metric 5 table 1003";

function heldOf(world: WorldText): Held {
  const { families } = decide(readWorld(world)).plan;
  return { 4: heldAfter(families[4]), 6: heldAfter(families[6]) };
}

const cases: [name: string, before: WorldText, after: WorldText, route: string][] = [
  [
    "a route that was shared while its interface was inside",
    { links, addresses, routes: `${routes}\n10.8.0.0/16 dev br0 scope link` },
    { links, addresses, routes: `${routes}\ndefault via 10.6.0.1 dev br0 metric 9` },
    "10.8.0.0/16 dev br0 table 1002 scope link",
  ],
  [
    "a route by another interface that was there for its source, which that interface has now",
    {
      links,
      addresses: `${addresses}\n10.0.0.7/16 dev em1`,
      routes: `${routes}\n10.8.0.0/16 via 10.3.0.9 dev em2 src 10.0.0.7`,
    },
    { links, addresses: `${addresses}\n10.0.0.7/16 dev em2`, routes },
    "10.8.0.0/16 via 10.3.0.9 dev em2 table 1002 src 10.0.0.7",
  ],
];
for (const [name, before, after, route] of cases) {
  const world = readWorld({ ...after, rules, routes: `${after.routes}\n${mirrored}\n${route}` });

  Deno.test(`${name} goes with main's`, () => {
    const { commands, foreign } = settle(world, { held: heldOf(before) });
    assert.ok(
      commands.some((command) => command.startsWith("ip route del 10.8.0.0/16 ")),
      commands.join("\n"),
    );
    assert.deepEqual(foreign, []);
  });

  Deno.test(`${name} is left and named where nobody knows of that`, () => {
    assert.equal(settle(world).foreign.length, 1);
  });
}

Deno.test("a route of another program's stays in a table that is new, whatever its interface was", () => {
  const before = { links, addresses: "10.0.0.2/16 dev em1", routes: "default via 10.0.0.1 dev em1" };
  const world = readWorld({
    links,
    addresses,
    routes: `${routes}
      default via 10.6.0.1 dev br0 metric 9
      default via 10.3.0.1 dev em2 metric 5 table 1003
      10.8.0.0/16 dev br0 table 1003 scope link`,
    rules: "27200: from 10.0.0.2 lookup 1002 proto 115\n27200: from 10.3.0.2 lookup 1003 proto 115",
  });
  assert.deepEqual(settle(world, { held: heldOf(before) }).foreign, [
    "10.8.0.0/16 dev br0 table 1003 proto boot scope link",
  ]);
});

Deno.test("the table of an interface that has gone is its own, whoever has addresses in its rule's prefix by now", () => {
  const route = "10.8.0.0/16 via 10.3.0.9 dev em2 src 10.6.0.2";
  const before = { links: `${links}\n5: em5 up`, addresses: "10.6.0.2/16 dev em5", routes: route };
  const world = readWorld({
    links,
    addresses: "10.6.0.2/16 dev em2\n10.6.0.1/16 dev em1",
    rules: "27200: from 10.6.0.0/16 iif lo lookup 1005 proto 115",
    routes: `${route} table 1005`,
  });
  const { commands, foreign } = settle(world, { rules: "per-prefix", held: heldOf(before) });
  assert.ok(commands.some((command) => command.startsWith("ip route del 10.8.0.0/16 ")), commands.join("\n"));
  assert.deepEqual(foreign, []);
});
