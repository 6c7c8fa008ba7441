// A service that fails again and again starts ever more slowly; one that was well for a minute begins anew.

import assert from "node:assert/strict";
import "../ffi/libraries.ts";
import { delayOf, nextStart, Starts } from "../../src/unit/starts.ts";

const MINUTE = 60_000_000;

Deno.test("the first failure is made good at once, the next ones ever more slowly", () => {
  const delays = Array.from({ length: 12 }, (_, index) => delayOf(index + 1));
  assert.deepEqual(delays, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
  assert.equal(delayOf(100_000), 60);
});

Deno.test("a start is counted from the last one that was well for a minute", () => {
  const now = 1000 * MINUTE;
  const cases: [string, number][] = [
    ["", 1],
    ["3 -\n", 4],
    ["3 -                            \n", 4],
    [`3 ${now - MINUTE + 1}\n`, 4],
    [`3 ${now - MINUTE}\n`, 1],
    ["0 -\n", 1],
    // What was not written here, or not to its end.
    ["3", 1],
    ["3 -1\n", 1],
    ["many -\n", 1],
    ["3 -\n4 -\n", 1],
  ];
  for (const [noted, start] of cases) assert.equal(nextStart(noted, now), start, JSON.stringify(noted));
});

/** Does something with a start that is noted in a folder, and gives its number. */
function start(folder: string | undefined, action: (starts: Starts) => void = () => {}): number {
  using starts = Starts.note(folder);
  action(starts);
  return starts.number;
}

Deno.test("a start is noted, and forgotten when it is no failure", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const numbers = [1, 2, 3].map(() => start(`${folder}:/somewhere/else`));
    assert.deepEqual(numbers, [1, 2, 3]);
    start(folder, (starts) => starts.well());
    assert.equal(start(folder, (starts) => starts.forget()), 5);
    assert.equal(start(folder), 1);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("where nothing can be noted every start is the first one", () => {
  for (const folder of [undefined, "", "/nowhere/at/all", "/proc"]) {
    for (let turn = 0; turn < 3; turn++) assert.equal(start(folder), 1);
  }
});
