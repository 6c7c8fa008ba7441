// Many worlds, a few of them at once.

import { Random } from "../model/random.ts";
import { type Ending, play } from "./play.ts";
import { randomScript } from "./random_script.ts";
import { eventCount, type Script, scriptText } from "./script.ts";
import { shrunk } from "./shrink.ts";

export interface Results {
  worlds: number;
  events: number;
  answered: number;
  refused: number;
  seconds: number;
  readonly failures: string[];
}

/** So many are played at the same time: most of a world is waiting for other programs. */
const AT_ONCE = 2;
/** After so many failures it is no use to go on. */
const ENOUGH = 3;

/** The script of one world of a run: `first` is the number that its run begins with. */
export function scriptOf(seed: number, world: number): Script {
  return randomScript(new Random(seed * 10_000 + world));
}

/** Plays the worlds from `first` on, and tells of each failure when it is found. */
export async function playMany(
  { seed, count, first = 0 }: { seed: number; count: number; first?: number },
  tell: (line: string) => void,
): Promise<Results> {
  const start = performance.now();
  const results: Results = { worlds: 0, events: 0, answered: 0, refused: 0, seconds: 0, failures: [] };
  let next = first;
  const work = async () => {
    while (next < first + count && results.failures.length < ENOUGH) {
      const world = next++, script = scriptOf(seed, world);
      const ending = await play(script);
      results.worlds++;
      results.events += eventCount(script);
      results.answered += ending.answered;
      results.refused += ending.refused;
      if (ending.failure === undefined) continue;
      const report = await reportOf(script, { ending, name: `SEED=${seed}, world ${world}` });
      results.failures.push(report);
      tell(report);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  results.seconds = (performance.now() - start) / 1000;
  return results;
}

async function reportOf(
  script: Script,
  { ending, name }: { ending: Ending; name: string },
): Promise<string> {
  const small = await shrunk(script, ending);
  return [
    `== ${name}: ${ending.failure}`,
    ending.failure === small.ending.failure ? "" : `-- reduced: ${small.ending.failure}`,
    `-- script${small.times > 0 ? ` (failed again; reduced by playing it ${small.times} times)` : ""}:`,
    scriptText(small.script),
    "-- the program said:",
    small.ending.said,
  ].filter((line) => line !== "").join("\n");
}

export function summary({ worlds, events, answered, refused, seconds, failures }: Results): string {
  return `${worlds} worlds, ${events} events, ${answered} addresses answered, ` +
    `${refused} routes refused by the kernel, ${failures.length} failed (${seconds.toFixed(1)} s)`;
}
