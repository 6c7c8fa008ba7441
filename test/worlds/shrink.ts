// From a script that fails to a shorter one that fails too.

import { type Ending, play } from "./play.ts";
import type { Script } from "./script.ts";

/** How long to look for a shorter one, in milliseconds. */
const PATIENCE = Number(Deno.env.get("SHRINK") ?? 60) * 1000;
/** How long a try is waited for: less than for the real thing, which the last one is played as again. */
const SHORT = 5000;

export interface Shrunk {
  readonly script: Script;
  readonly ending: Ending;
  /** How often it was played. */
  readonly times: number;
}

/** Leaves out bursts, events and lines as long as it goes on failing. */
export async function shrunk(script: Script, ending: Ending): Promise<Shrunk> {
  const until = performance.now() + PATIENCE;
  let best = { script, ending }, times = 0;
  for (let tried = candidates(script), at = 0; at < tried.length && performance.now() < until; at++) {
    times++;
    const result = await play(tried[at], SHORT);
    if (kindOf(result) !== kindOf(ending)) continue;
    best = { script: tried[at], ending: result };
    [tried, at] = [candidates(best.script), -1];
  }
  if (best.script === script) return { script, ending, times };
  const confirmed = await play(best.script);
  return kindOf(confirmed) !== kindOf(ending)
    ? { script, ending, times }
    : { ...best, ending: confirmed, times };
}

/** What fails, without the details: another fault is not to take this one's place. */
function kindOf({ failure }: Ending): string | undefined {
  return failure?.split(/[:\n]/)[0];
}

/** Scripts that lack a part of this one: the largest parts first. */
function candidates(script: Script): Script[] {
  const { bursts, setup } = script;
  const withBursts = (changed: Script["bursts"]): Script => ({ ...script, bursts: changed });
  return [
    ...bursts.map((_, i) => withBursts(bursts.toSpliced(i, 1))),
    ...bursts.flatMap((burst, i) =>
      burst.events.map((_, j) =>
        withBursts(bursts.with(i, { ...burst, events: burst.events.toSpliced(j, 1) }))
      )
    ),
    ...bursts.flatMap((burst, i) =>
      burst.events.flatMap((event, j) =>
        "lines" in event && event.lines.length > 1
          ? halves(event.lines).map((lines) =>
            withBursts(bursts.with(i, { ...burst, events: burst.events.with(j, { ...event, lines }) }))
          )
          : []
      )
    ),
    // The last event of the setup is what the host is configured with: line by line.
    ...setup.slice(-1).flatMap((event) =>
      "lines" in event
        ? event.lines.map((_, k): Script => ({
          ...script,
          setup: setup.with(-1, { ...event, lines: event.lines.toSpliced(k, 1) }),
        }))
        : []
    ),
    ...(script.flushed ? [{ ...script, flushed: false }] : []),
    ...(script.flags.length > 0 ? [{ ...script, flags: [] }] : []),
  ];
}

function halves<T>(list: readonly T[]): (readonly T[])[] {
  const middle = Math.ceil(list.length / 2);
  return list.length > 8
    ? [list.slice(0, middle), list.slice(middle)]
    : list.map((_, i) => list.toSpliced(i, 1));
}
