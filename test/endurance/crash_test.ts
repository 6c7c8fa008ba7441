// The program is killed at a random change of a start, of a flush, or of what it does while it runs. What is there then gives
// no wrong answer; and whatever happens until the next start, that one makes everything right.

import assert from "node:assert/strict";
import { Random, runSeed } from "../model/random.ts";
import { faulty } from "../lab/faults.ts";
import { absence, change } from "../lab/happenings.ts";
import type { Happening } from "../lab/machine.ts";
import { eventually } from "../lab/process.ts";
import { assertSame } from "../lab/observe.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { Daemon, flush, onceAsFar, program, symrouted } from "../lab/symrouted.ts";
import { Trio } from "../lab/trio.ts";
import {
  assertRight,
  changesBetween,
  type Hit,
  hitOf,
  type Interrupted,
  type View,
  view,
} from "../lab/view.ts";

const WORLDS = 8, ROUNDS = 11;

isolatedTest(`killed at ${WORLDS * ROUNDS} single changes, a new start makes everything right`, async () => {
  const first = runSeed(), kills: Kill[] = [];
  for (let seed = first; seed < first + WORLDS; seed++) {
    await using trio = await Trio.build();
    const walk = new Walk(trio, new Random(seed));
    try {
      for (let round = 0; round < ROUNDS; round++) kills.push(await walk.round());
    } catch (error) {
      // With this seed the world is the first one.
      throw new Error(`SEED=${seed}, in its round ${walk.rounds}\n${walk.story.join("\n")}\n${error}`);
    }
  }
  const hits = kills.filter(({ hit }) => hit === "middle").length, tally = summary(kills);
  console.log(tally);
  assert.ok(hits > kills.length / 2, `SEED=${first}: too few kills in the middle\n${tally}`);
});

/** What was killed, and where. */
interface Kill {
  readonly of: string;
  readonly hit: Hit;
}

function summary(kills: readonly Kill[]): string {
  return [...Map.groupBy(kills, ({ of }) => of)].map(([of, some]) => {
    const hits = some.filter(({ hit }) => hit === "middle");
    return `${some.length} kills of ${of}, ${hits.length} of them in the middle`;
  }).join("; ");
}

/** What can be killed: a first start, one that has to put something right, a flush, what a daemon does while it runs. */
const KINDS = ["a first start", "a later start", "a flush", "a change"] as const;

class Walk {
  rounds = 0;
  /** What happened in this world so far. */
  readonly story: string[] = [];
  readonly #trio: Trio;
  readonly #random: Random;
  #next: typeof KINDS[number] = "a first start";

  constructor(trio: Trio, random: Random) {
    this.#trio = trio;
    this.#random = random;
  }

  async round(): Promise<Kill> {
    const random = this.#random, of = this.#next;
    this.rounds++;
    const hit = await this.#kill(of);
    this.story.push(`  killed: ${hit}`);
    if (random.chance(60)) await this.#beAway();
    this.#next = random.pick(KINDS);
    await (this.#next === "a first start"
      ? this.#clean()
      : random.chance(50)
      ? this.#converge()
      : this.#stay());
    return { of, hit };
  }

  async #kill(of: typeof KINDS[number]): Promise<Hit> {
    const { killed, final, nothing } = this.#trio;
    switch (of) {
      case "a first start":
        return await this.#killStart(of, { before: await nothing, final: await final });
      case "a later start":
        await this.#beAway();
        return await this.#killStart(of, { before: await view(killed), final: await this.#trio.final });
      case "a flush":
        return await this.#killFlush({ before: await final, final: await nothing });
      case "a change":
        return await this.#killChange(await final);
    }
  }

  async #killStart(of: string, views: Interrupted): Promise<Hit> {
    const isDaemon = this.#random.chance(50);
    const env = await this.#fate(`${of}, ${isDaemon ? "daemon" : "--once"}`, views);
    if (isDaemon) await this.#runDaemon(env);
    else await symrouted(this.#trio.killed.host, ["--once"], { env });
    return await this.#judge(views);
  }

  async #killFlush(views: Interrupted): Promise<Hit> {
    const env = await this.#fate("--flush", views);
    await symrouted(this.#trio.killed.host, ["--flush"], { env });
    return await this.#judge(views);
  }

  /** Kills a daemon that follows what happens: so much that there is something to do. */
  async #killChange(before: View): Promise<Hit> {
    const trio = this.#trio, happenings: Happening[] = [], right: View[] = [];
    let final = before;
    while (changesBetween(before, final) < 4 && happenings.length < 4) {
      const happening = change(this.#random);
      happenings.push(happening);
      await trio.undergoBeside([happening]);
      final = await trio.final;
      // While it follows the first, the second has not happened to it yet.
      right.push(await trio.nothing, final);
    }
    const env = await this.#fate(`daemon, while ${namesOf(happenings)}`, { before, final });
    await this.#runDaemon(env, () => trio.killed.undergo(happenings));
    return await this.#judge({ before, final }, right);
  }

  /** Chooses the change at which to kill. */
  async #fate(what: string, { before, final }: Interrupted): Promise<Record<string, string>> {
    const changes = changesBetween(before, final);
    const at = 1 + this.#random.int(Math.max(changes, 1)), isBefore = this.#random.chance(50);
    this.story.push(
      `${what}, to be killed ${isBefore ? "before" : "after"} change ${at} of about ${changes}`,
    );
    return await faulty(isBefore ? { killBeforeWrite: at } : { killAfterWrite: at });
  }

  /** Runs the daemon until it is killed; where it gets to the end of its work, there. */
  async #runDaemon(env: Record<string, string>, whenReady?: () => Promise<void>): Promise<void> {
    const { killed } = this.#trio, wanted = await this.#trio.final;
    await using process = killed.host.spawn(program(), { env });
    let hasEnded = false;
    process.ended.then(() => hasEnded = true);
    if (whenReady) {
      await process.line(/ready/, { within: 20_000 });
      await whenReady();
    }
    await eventually(async () => {
      if (!hasEnded) assertSame(await killed.state(), wanted.state);
    }, { within: 20_000 });
  }

  /** Looks at what the kill has left; `right` is what was right meanwhile. */
  async #judge(views: Interrupted, right: readonly View[] = []): Promise<Hit> {
    const now = await view(this.#trio.killed), main = await this.#trio.nothing;
    assertSame(now.others, main.others);
    assertRight(now, [main, views.before, views.final, ...right]);
    return hitOf(now, views);
  }

  async #beAway(): Promise<void> {
    const happenings = absence(this.#random);
    this.story.push(`while none runs: ${namesOf(happenings)}`);
    await this.#trio.undergo(happenings);
  }

  async #converge(): Promise<void> {
    this.story.push("--once");
    await onceAsFar(this.#trio.killed.host);
    await this.#assertHas(this.#trio.final);
  }

  async #stay(): Promise<void> {
    this.story.push("daemon");
    await using daemon = await Daemon.start(this.#trio.killed.host);
    await this.#assertHas(this.#trio.final);
    await daemon.stop(this.#random.pick(["SIGTERM", "SIGKILL"]));
  }

  async #clean(): Promise<void> {
    this.story.push("--flush");
    await flush(this.#trio.killed.host);
    await this.#assertHas(this.#trio.nothing);
  }

  async #assertHas(wanted: Promise<View>): Promise<void> {
    assertSame(await this.#trio.killed.state(), (await wanted).state);
  }
}

function namesOf(happenings: readonly Happening[]): string {
  return happenings.map(({ name }) => name).join(", then ");
}
