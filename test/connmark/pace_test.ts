// How often something is done again.

import assert from "node:assert/strict";
import { Pace } from "../../src/connmark/pace.ts";
import { Retry } from "../../src/retry.ts";

Deno.test("ten repairs are made at once, of more one as soon as the first is ten seconds old", () => {
  const pace = new Pace();
  for (let i = 0; i < 10; i++) assert.ok(pace.repair(100 * i).isAllowed, String(i));
  assert.ok(!pace.repair(1000).isAllowed);
  assert.equal(pace.endsIn(1000), 9000);
  assert.ok(!pace.repair(9999).isAllowed);
  assert.ok(pace.repair(10_000).isAllowed);
});

Deno.test("the first repair is told of, and the first that has to wait; then nothing until all is quiet", () => {
  const pace = new Pace(), told: number[] = [];
  for (let now = 0; now < 30_000; now += 100) if (pace.repair(now).isNews) told.push(now);
  assert.deepEqual(told, [0, 1000]);
  assert.deepEqual(pace.repair(60_000), { isAllowed: true, isNews: true });
});

Deno.test("what is refused is tried again later each time, up to half a minute", () => {
  const retry = new Retry(), delays: number[] = [];
  for (let i = 0, now = 0; i < 8; i++, now += delays.at(-1)!) {
    assert.ok(i === 0 || retry.isDue(now));
    retry.schedule(now, { isNew: i === 0 });
    assert.ok(!retry.isDue(now));
    delays.push(retry.dueIn(now));
  }
  assert.deepEqual(delays, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});
