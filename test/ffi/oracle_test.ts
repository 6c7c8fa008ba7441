// The route codec against libnl-route's own parser and builder, over random routes.

import assert from "node:assert/strict";
import { liveHandles } from "../../ffi/owned.ts";
import type { Path } from "../../src/model/records.ts";
import { Codec, firstMessage } from "./codec.ts";
import { nl } from "./libnl_oracle.ts";
import { built, parsed } from "./oracle.ts";
import { repeat } from "./random.ts";
import "./libraries.ts";
import { BANS, randomSample, type Sample } from "./sample.ts";

const RUNS = 2000;
// Libraries stay open: no test is to be the one that opened them.
nl();

Deno.test("libnl reads in our messages what we wrote", () => {
  const codec = new Codec();
  repeat(RUNS, (random) => {
    const sample = randomSample(random);
    assert.deepEqual(parsed(codec.encode(sample)), sample);
  });
});

Deno.test("we read in libnl's messages what it wrote, less what only the kernel says", () => {
  const codec = new Codec();
  repeat(RUNS, (random) => {
    const sample = randomSample(random);
    assert.deepEqual(codec.decode(firstMessage(built(sample))), sample);
  });
});

Deno.test("our decoder takes our own messages back, with the same path's number", () => {
  const codec = new Codec();
  repeat(RUNS, (random) => {
    const sample = randomSample(random);
    const message = firstMessage(codec.encode(sample));
    assert.deepEqual(codec.decode(message), sample);
    assert.equal(codec.codec.decode(message, () => true)?.path, codec.paths.intern(sample.path));
  });
});

Deno.test("one path has one number, whoever wrote the message", () => {
  const codec = new Codec();
  repeat(200, (random) => {
    const sample = randomSample(random);
    const [ours, theirs] = [codec.encode(sample), built(sample)].map((bytes) => {
      return codec.codec.decode(firstMessage(bytes), () => true)?.path;
    });
    assert.equal(ours, theirs);
  });
});

Deno.test("the samples are of every kind", () => {
  const samples: Sample[] = [];
  repeat(RUNS, (random) => void samples.push(randomSample(random)));
  for (const family of [4, 6]) {
    const paths = samples.filter((sample) => sample.family === family).map(({ path }) => path);
    for (const [kind, is] of Object.entries(kinds)) assert.ok(paths.some(is), `IPv${family}: ${kind}`);
  }
});

const kinds: Record<string, (path: Path) => boolean> = {
  "each ban": ({ type }) => type === BANS.at(-1),
  "device only": ({ nexthops }) => nexthops.length === 1 && !nexthops[0].gateway,
  "gateway of the other family": ({ nexthops, family }) =>
    nexthops.length === 1 && (nexthops[0].gateway?.includes(":") ?? family === 6) !== (family === 6),
  "onlink": ({ nexthops }) => nexthops.length === 1 && nexthops[0].flags !== 0,
  "heaviest next hop": ({ nexthops }) => nexthops.some(({ weight }) => weight === 256),
  "long multipath": ({ nexthops }) => nexthops.length === 300,
  "realms": ({ nexthops }) => nexthops.some(({ attributes }) => attributes.length > 0),
  "all metrics": ({ metrics }) => metrics.length === 16,
};

Deno.test("the oracle's C objects are none of ours", () => assert.deepEqual(liveHandles(), {}));
