// It dies again and again, and each start has to go on from where the last one died.

import { Random, runSeed } from "../model/random.ts";
import { absence } from "../lab/happenings.ts";
import { persist } from "../lab/persist.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { onceAsFar } from "../lab/symrouted.ts";
import { Trio } from "../lab/trio.ts";

isolatedTest("a first start and a flush that die one change later each time get to their ends", async () => {
  await using trio = await Trio.build();
  await persist(trio, { args: ["--once"], final: await trio.final, dieAfter: (start) => start });
  await persist(trio, { args: ["--flush"], final: await trio.nothing, dieAfter: (start) => start });
});

isolatedTest("starts that die after one change each make everything right in the end", async () => {
  const seed = runSeed(), random = new Random(seed), story: string[] = [];
  await using trio = await Trio.build();
  await onceAsFar(trio.killed.host);
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
