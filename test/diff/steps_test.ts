// Worlds in which some order of the changes gives a wrong answer on the way. Random ones are in property_test.ts.

import assert from "node:assert/strict";
import { settleWatched } from "../model/harm.ts";
import { readWorld, type WorldText } from "../model/world.ts";

const links = "2: em1 up\n3: em2 up\n6: br0 up kind bridge";
const ours = (from: string, priority = 27200) => `${priority}: from ${from} lookup 1002 proto 115`;

const worlds: [name: string, world: Partial<WorldText>][] = [
  ["a prefix that another interface has now too has no rule when its table gets routes", {
    addresses: "10.0.0.2/16 dev em1",
    routes: `
      default via 10.3.0.1 dev em2
      default via 10.0.0.1 dev em1 metric 5
      local 192.0.2.0/24 dev em1 proto 66
      local 192.0.2.0/24 dev em2 proto 66`,
    rules: `${ours("10.0.0.2")}\n${ours("192.0.2.0/24", 27201)}`,
  }],
  ["a rule moves behind another program's before its table's routes change", {
    addresses: "10.0.0.2/16 dev em1",
    routes: `
      default via 10.0.0.1 dev em1 mtu 1400
      default via 10.0.0.1 dev em1 table 1002
      default via 10.3.0.9 dev em2 table 52`,
    rules: `${ours("10.0.0.2", 99)}\n5000: from 10.0.0.2 lookup 52`,
  }],
  ["a rule moves behind another program's before its table has routes", {
    addresses: "10.0.0.2/16 dev em1",
    routes: `
      default via 10.0.0.1 dev em1
      default via 10.3.0.9 dev em2 table 52`,
    rules: `${ours("10.0.0.2", 99)}\n5000: from 10.0.0.2 lookup 52`,
  }],
  ["a rule moves ahead of another program's when its table's routes have changed", {
    addresses: "10.0.0.2/16 dev em1",
    routes: `
      default via 10.0.0.1 dev em1 mtu 1400
      default via 10.0.0.1 dev em1 table 1002
      default via 10.3.0.9 dev em2 table 52`,
    rules: `${ours("10.0.0.2", 28000)}\n27500: from 10.0.0.2 lookup 52`,
  }],
  [
    "a route that was not in use is not when the one in front of it goes, though a delete of it fits what is new",
    {
      addresses: "10.0.0.2/16 dev em1",
      routes: `
      default nexthop via 10.0.0.1 dev em1 nexthop via 10.0.0.2 dev em1
      default via 10.0.0.3 dev em1 table 1002
      default via 10.0.0.1 dev em1 table 1002`,
      rules: ours("10.0.0.2"),
    },
  ],
];
for (const [name, world] of worlds) {
  Deno.test(`at no step a wrong answer: ${name}`, () => {
    const { harm } = settleWatched(readWorld({ links, addresses: "", ...world }), { wish: {} });
    assert.equal(harm, undefined);
  });
}
