// It dies again and again, and each start has to go on from where the last one died.

import assert from "node:assert/strict";
import { Random, runSeed } from "../model/random.ts";
import { faulty } from "../lab/faults.ts";
import { absence } from "../lab/happenings.ts";
import { assertSame } from "../lab/observe.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { once, symrouted } from "../lab/symrouted.ts";
import { Trio } from "../lab/trio.ts";
import { assertRight, distance, type View, view } from "../lab/view.ts";

isolatedTest("a first start and a flush that die one change later each time get to their ends", async () => {
  await using trio = await Trio.build();
  await persist(trio, { args: ["--once"], final: await trio.final, dieAfter: (start) => start });
  await persist(trio, { args: ["--flush"], final: await trio.nothing, dieAfter: (start) => start });
});

isolatedTest("starts that die after one change each make everything right in the end", async () => {
  const seed = runSeed(), random = new Random(seed), story: string[] = [];
  await using trio = await Trio.build();
  await once(trio.killed.host);
  try {
    for (let time = 0; time < 3; time++) {
      const happenings = absence(random);
      story.push(...happenings.map(({ name }) => name));
      await trio.undergo(happenings);
      await persist(trio, { args: ["--once"], final: await trio.final, dieAfter: () => 1 });
    }
  } catch (error) {
    throw new Error(`SEED=${seed}, ${story.join(", then ")}: ${error}`);
  }
});

interface Persistence {
  args: string[];
  final: View;
  dieAfter: (start: number) => number;
}

/** Starts it until it is not killed any more; no start may be in vain. */
async function persist({ killed, nothing }: Trio, { args, final, dieAfter }: Persistence): Promise<void> {
  const main = await nothing;
  let before = await view(killed);
  for (let start = 1, code = 137; code !== 0; start++) {
    const env = await faulty({ killAfterWrite: dieAfter(start) });
    const result = await symrouted(killed.host, args, { env });
    const now = await view(killed), about = `start ${start}: ${result.stderr}${result.stdout}`;
    code = result.code;
    assert.ok(code === 0 || code === 137, about);
    if (code !== 0) assert.ok(distance(now, before) > 0, `nothing was changed by ${about}`);
    assert.ok(start < 200, "it never gets to the end");
    assertSame(now.others, main.others);
    assertRight(now, [before, main, final]);
    before = now;
  }
  assertSame(before.state, final.state);
}
