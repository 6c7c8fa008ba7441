// What lies above a key, against a look at every prefix.

import assert from "node:assert/strict";
import { Above } from "../../src/model/above.ts";
import { bits, covers, FAMILIES, type Family, maskWords, type Prefix } from "../../src/model/address.ts";
import { Keys } from "../../src/model/keys.ts";
import { Random, runSeed } from "./random.ts";

const SOURCES = ["", "", "2001:db8:1::/64", "2001:db8:2::/64"];

/** Few bits differ, so that many lie in each other. */
function randomPrefix(family: Family, random: Random): Prefix {
  const length = random.pick([0, 1, 8, 24, 31, bits(family) - 1, bits(family)]);
  const words = Array.from({ length: bits(family) / 32 }, () => random.pick([0, 1, 0x80000000, 0xffffffff]));
  return { family, words: maskWords(words, length), length };
}

for (const family of FAMILIES) {
  Deno.test(`IPv${family}: what covers more than a key is found, for its source or for all`, () => {
    const seed = runSeed(), random = new Random(seed);
    let found = 0;
    for (let round = 0; round < 2000; round++) {
      const source = () => family === 6 ? random.pick(SOURCES) : "";
      const placed = Array.from(
        { length: random.int(4) },
        () => [randomPrefix(family, random), source()] as const,
      );
      const above = new Above();
      for (const [prefix, from] of placed) above.add(prefix, from);
      const keys = new Keys(family), destination = randomPrefix(family, random), own = source();
      const key = keys.add(destination.words, keys.meta(destination.length, 0, own));
      const wanted = placed.some(([prefix, from]) =>
        prefix.length < destination.length && covers(prefix, destination) && (from === "" || from === own)
      );
      assert.equal(
        above.covers(key, keys),
        wanted,
        `SEED=${seed}: ${JSON.stringify([placed, destination, own])}`,
      );
      if (wanted) found++;
    }
    assert.ok(found > 200, `${found}`);
  });
}
