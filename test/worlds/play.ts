// Plays a script to its end, and looks whether all is as it should be then.

import { Actor } from "./actor.ts";
import { check, type Tally } from "./check.ts";
import { type Event, type Script } from "./script.ts";
import { Stage } from "./stage.ts";

export interface Ending extends Tally {
  /** What does not hold; undefined where all does. */
  readonly failure?: string;
  /** What the program said. */
  readonly said: string;
}

/** So much longer than a repair takes is waited for one, also where a fight with another program has just ended. */
export const PATIENCE = 30_000;

export async function play(script: Script, patience = PATIENCE): Promise<Ending> {
  await using stage = await Stage.build();
  const actor = new Actor(stage.host, script.flags);
  try {
    for (const event of script.setup) await perform(event, { stage, actor });
    await actor.ready();
    for (const { events, rest } of script.bursts) {
      for (const event of merged(events)) await perform(event, { stage, actor });
      await new Promise((resolve) => setTimeout(resolve, rest));
    }
    const tally = await check(script, { stage, actor, patience });
    return { ...tally, said: actor.said };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { answered: 0, refused: 0, failure, said: actor.said };
  }
}

async function perform(event: Event, { stage, actor }: { stage: Stage; actor: Actor }): Promise<void> {
  if (event.on === "program") await actor.obey(event.order, event.flags);
  else await stage.play(event);
}

/** What happens at one place without a break is one batch. */
function merged(events: readonly Event[]): Event[] {
  return events.reduce<Event[]>((list, event) => {
    const last = list.at(-1);
    if ((event.on !== "host" && event.on !== "outside") || last?.on !== event.on) return [...list, event];
    return [...list.slice(0, -1), { on: event.on, lines: [...last.lines, ...event.lines] }];
  }, []);
}
