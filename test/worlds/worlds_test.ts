// A few random worlds in every run of the tests; `deno task worlds` plays as many as are asked for.

import assert from "node:assert/strict";
import { isolatedTest } from "../lab/scenario.ts";
import { runSeed } from "../model/random.ts";
import { playMany } from "./many.ts";

const COUNT = 10;

isolatedTest(`in ${COUNT} random worlds all is as it should be in the end`, async () => {
  const { failures, worlds, answered } = await playMany({ seed: runSeed(), count: COUNT }, () => {});
  assert.equal(failures.length, 0, failures.join("\n"));
  assert.equal(worlds, COUNT);
  assert.ok(answered > COUNT, `only ${answered} addresses had an open way back`);
});
