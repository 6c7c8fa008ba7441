// Two programs that fight: one undoes what the daemon does, again and again. The daemon says so once, writes only now
// and then, takes less of the processor than the other, leaves everything else in peace, and is right again soon after
// the other stops.

import assert from "node:assert/strict";
import { families, type Family } from "./addressing.ts";
import { Bystander } from "./bystander.ts";
import { groupTime, processorTime } from "./fighter.ts";
import { Monitor } from "./monitor.ts";
import { assertCured, state } from "./observe.ts";
import { eventually, pause, type Process } from "./process.ts";
import { scenario } from "./scenario.ts";
import { Daemon } from "./symrouted.ts";
import type { World, WorldOptions } from "./world.ts";

const FIGHT = /another program keeps changing/;

/** How long a fight is looked at, once it is one, in milliseconds. */
const LENGTH = 2500;

/** So many repairs of one place in that time are no full speed: a burst, and then one now and then. */
const FEW = 15;

/** Ticks that waking up a few times takes, whatever the fighters do. */
const FLOOR = 10;

export interface Battle {
  /** Starts what fights. */
  begin: (world: World, family: Family) => Process | Promise<Process>;
  /** How `ip monitor` tells of a write of the daemon's in this fight, as grep's extended regular expression. */
  ours: string;
  /** How many places are fought over in each family; 1 unless told. */
  places?: number;
  /** Of what the fighters burn, so much at most is the daemon's. */
  share: number;
  /** What the fighters do to em1. */
  but?: RegExp;
}

/** Fights in both families at once; to em1 nothing happens meanwhile. */
export function fight(name: string, battle: Battle, options: WorldOptions = {}): void {
  scenario(name, async (world) => {
    const { host } = world, places = families.length * (battle.places ?? 1);
    await using daemon = await Daemon.start(host);
    const before = await state(host);
    await using bystander = await Bystander.watch(world, world.uplink(1));
    await using monitor = await Monitor.start(host, { only: battle.ours });
    const fighters = await Promise.all(families.map((family) => battle.begin(world, family)));
    try {
      await daemon.line(FIGHT, { within: 40_000 });
      const from = monitor.position, burnt = burn(daemon, fighters);
      await pause(LENGTH);
      const now = burn(daemon, fighters);
      const [mine, theirs] = [now.mine - burnt.mine, now.theirs - burnt.theirs];
      const writes = monitor.process.lines.slice(from).map(({ text }) => text);
      assert.ok(writes.length <= FEW * places, `written at full speed: ${writes.join("\n")}`);
      assert.ok(
        mine <= battle.share * theirs + FLOOR,
        `the daemon took ${mine} ticks, the fighters ${theirs}`,
      );
    } finally {
      for (const fighter of fighters) await fighter.stop("SIGKILL");
    }
    await eventually(async () => assert.equal(await state(host), before), { within: 15_000 });
    for (const family of families) await assertCured(world, family);
    await bystander.assertUndisturbed({ but: battle.but });
    const told = daemon.lines.filter((line) => FIGHT.test(line));
    assert.deepEqual(told, [...new Set(told)], "each place is told of once");
    assert.ok(daemon.lines.length <= 2 * FEW * places, `the log is flooded:\n${daemon.lines.join("\n")}`);
  }, options);
}

function burn(daemon: Daemon, fighters: readonly Process[]): { mine: number; theirs: number } {
  const times = fighters.map(({ pid }) => groupTime(pid));
  return { mine: processorTime(daemon.process.pid), theirs: times.reduce((sum, time) => sum + time, 0) };
}
