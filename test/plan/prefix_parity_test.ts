// Both kinds of rules come to the same for every address, in random worlds.

import { FAMILIES, formatPrefix, parsePrefix } from "../../src/model/address.ts";
import { assertParity } from "../model/parity.ts";
import { Random, runSeed } from "../model/random.ts";
import { readWorld, type WorldText } from "../model/world.ts";
import { links, routes, routes6 } from "./prefix_world.ts";

const WORLDS = 3000;
Deno.test(`in ${WORLDS} crowded worlds both kinds of rules lead every source to the same table`, () => {
  const seed = runSeed();
  for (let number = 0; number < WORLDS; number++) {
    const world = crowded(new Random(seed * 10_000 + number));
    try {
      assertParity(readWorld(world));
    } catch (error) {
      throw new Error(`SEED=${seed}, world ${number}: ${JSON.stringify(world, null, 2)}`, { cause: error });
    }
  }
});

/** Addresses of many interfaces, prefixes within prefixes, in so little room that they meet. */
function crowded(random: Random): WorldText {
  const devices = ["em1", "em1", "em2", "em2", "em3", "br0", "lo"];
  const family = random.pick(FAMILIES), bits = family === 4 ? 32 : 128;
  const ip = () => family === 4 ? `10.0.0.${random.int(32)}` : `2001:db8::${random.int(32).toString(16)}`;
  const length = () => random.chance(3) ? random.int(bits + 1) : bits - random.int(7);
  const addresses = Array.from({ length: 1 + random.int(10) }, () => {
    const extra = random.chance(20) ? random.pick(["scope link", "deprecated", "tentative"]) : "";
    const peer = random.chance(5) ? `peer ${ip()}` : "";
    return `${ip()}/${length()} ${peer} dev ${random.pick(devices)} ${extra}`;
  });
  const anyIps = random.chance(30)
    ? Array.from({ length: 1 + random.int(2) }, () => {
      const prefix = formatPrefix(parsePrefix(`${ip()}/${bits - random.int(5)}`)!);
      return `local ${prefix} dev ${random.pick(devices)} proto static`;
    })
    : [];
  return {
    links,
    addresses: addresses.join("\n"),
    routes: [routes, ...(family === 4 ? anyIps : [])].join("\n"),
    routes6: [routes6, ...(family === 6 ? anyIps : [])].join("\n"),
  };
}
