// What could not be read whole is read again: each thing at its own intervals, which grow.

import assert from "node:assert/strict";
import { Unproven } from "../src/unproven.ts";

const main = { family: 6, table: 254 } as const, mirror = { family: 6, table: 1002 } as const;

Deno.test("what is unproven is due after growing intervals, until it has been read", () => {
  const unproven = new Unproven();
  unproven.add(main, 0);
  assert.deepEqual(unproven.due(499), { rules: false, doubts: [] });
  for (const [due, next] of [[500, 1500], [1500, 3500], [3500, 7500]]) {
    assert.equal(unproven.dueIn(due), 1);
    assert.deepEqual(unproven.due(due), { rules: false, doubts: [main] });
    unproven.add(main, due);
    assert.equal(unproven.dueIn(due), next - due);
  }
  unproven.remove(main);
  assert.equal(unproven.any, false);
  assert.equal(unproven.dueIn(9000), undefined);
});

Deno.test("the intervals end at half a minute", () => {
  const unproven = new Unproven();
  unproven.add(undefined, 0);
  let now = 0;
  for (let i = 0; i < 12; i++) assert.equal(unproven.due(now += unproven.dueIn(now)!).rules, true);
  assert.equal(unproven.dueIn(now), 30_000);
});

Deno.test("what is new does not wait for what is old", () => {
  const unproven = new Unproven();
  unproven.add(main, 0);
  unproven.due(500);
  unproven.due(1500);
  unproven.add(mirror, 2000);
  assert.deepEqual(unproven.due(2500).doubts, [mirror]);
});

Deno.test("a table that has been read whole leaves no doubt about a part of it", () => {
  const unproven = new Unproven();
  unproven.add({ ...main, ifindex: 3 }, 0);
  unproven.add(main, 0);
  unproven.remove({ ...main, ifindex: 4 });
  assert.equal(unproven.hasTable(6, 254), true);
  unproven.remove(main);
  assert.equal(unproven.any, false);
});

Deno.test("rules that have been read leave the doubts about routes", () => {
  const unproven = new Unproven();
  unproven.add(main, 0);
  unproven.add(undefined, 0);
  assert.equal(unproven.rules, true);
  unproven.remove();
  assert.equal(unproven.rules, false);
  assert.equal(unproven.hasTable(6, 254), true);
});
