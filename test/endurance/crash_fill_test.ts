// The program is killed in the middle of many routes: at a random moment, or at a random one of their changes.

import assert from "node:assert/strict";
import { Random, runSeed } from "../model/random.ts";
import { faulty } from "../lab/faults.ts";
import { Machine } from "../lab/machine.ts";
import { addForeign, beginning } from "../lab/mixed_host.ts";
import { assertSame, lines } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { Daemon, flush, once, program } from "../lab/symrouted.ts";
import { assertRight, type Hit, hitOf, type View, view } from "../lab/view.ts";

const ROUNDS = 12, MANY = 20_000;

/** Main's routes, and those of them that go while none runs. */
const routes = Array.from({ length: MANY }, (_, i) => `20.${i >> 8}.${i & 255}.0/24 via 10.0.0.1 dev em1`);
const isFleeting = (prefix: string) => /^20\.\d+\.\d*[05]\.0\/24 /.test(prefix);

isolatedTest(`killed ${ROUNDS} times in the middle of ${MANY} routes`, async () => {
  const seed = runSeed(), random = new Random(seed), tally: Hit[] = [];
  await using machine = await Machine.build();
  await machine.undergo([beginning]);
  await addForeign(machine.host);
  await machine.host.batch(routes.map((route) => `route add ${route}`));
  const nothing = await view(machine);
  await once(machine.host);
  const all = await view(machine), story: string[] = [];
  const crash = new Crash(machine, { nothing, all, random, story });
  try {
    for (let round = 0; round < ROUNDS; round++) tally.push(await crash.round(round));
  } catch (error) {
    throw new Error(`SEED=${seed}, round ${tally.length + 1}\n${story.join("\n")}\n${error}`);
  }
  const middle = tally.filter((hit) => hit === "middle").length;
  console.log(`${ROUNDS} kills, ${middle} of them in the middle`);
  assert.ok(
    middle > ROUNDS / 3,
    `SEED=${seed}: only ${middle} of ${ROUNDS} kills were in the middle: ${story.join("\n")}`,
  );
});

interface Circumstances {
  /** What the host has without us, and what in the end with us. */
  readonly nothing: View;
  readonly all: View;
  readonly random: Random;
  readonly story: string[];
}

class Crash {
  readonly #machine: Machine;
  readonly #given: Circumstances;
  #isFull = true;

  constructor(machine: Machine, given: Circumstances) {
    this.#machine = machine;
    this.#given = given;
  }

  /** Kills a flush where all is there, and else a fill. */
  async round(number: number): Promise<Hit> {
    const { nothing, all, random, story } = this.#given, { host } = this.#machine;
    const isFill = !this.#isFull, [before, final] = isFill ? [nothing, all] : [all, nothing];
    const args = isFill ? random.pick([[], ["--once"]]) : ["--flush"];
    story.push(`${isFill ? "fill" : "flush"}: ${args}`);
    await (number % 2 === 0 ? this.#killSometime(args) : this.#killExactly(args));
    const now = await view(this.#machine);
    assertSame(now.others, nothing.others);
    assertRight(now, [before, nothing, all]);
    const hit = hitOf(now, { before, final });
    story.push(`  killed: ${hit}, with ${now.ours.length} of ${all.ours.length} rules and routes`);
    const isShort = random.chance(50);
    if (isShort) await host.batch(routes.filter(isFleeting).map((route) => `route delete ${route}`));
    const isFlushed = random.chance(40);
    await this.#restart(isFlushed);
    const wanted = isFlushed ? nothing : all;
    assertSame(await this.#machine.state(), isShort ? without(wanted.state) : wanted.state);
    if (isShort) await host.batch(routes.filter(isFleeting).map((route) => `route add ${route}`));
    if (isShort && !isFlushed) await once(host);
    this.#isFull = !isFlushed;
    return hit;
  }

  /** Kills it some time after its first change. */
  async #killSometime(args: string[]): Promise<void> {
    const { host } = this.#machine, { random, story } = this.#given;
    const before = (await this.#beginnings()).join("\n"), delay = random.int(120);
    await using process = host.spawn([...program(), ...args]);
    await eventually(async () => assert.notEqual((await this.#beginnings()).join("\n"), before), {
      within: 20_000,
    });
    await new Promise((resolve) => setTimeout(resolve, delay));
    await process.stop("SIGKILL");
    story.push(`  killed ${delay} ms after its first change was seen`);
  }

  /** What a fill and a flush change at once. */
  async #beginnings(): Promise<string[]> {
    const { host } = this.#machine;
    return await Promise.all([host.ip("rule show"), host.ip("route show table 1002 default")]);
  }

  async #killExactly(args: string[]): Promise<void> {
    const killAfterWrite = 1 + this.#given.random.int(MANY);
    await using process = this.#machine.host.spawn([...program(), ...args], {
      env: await faulty({ killAfterWrite }),
    });
    this.#given.story.push(`  killed after change ${killAfterWrite}`);
    assert.equal(await process.ended, 137, process.text);
  }

  async #restart(isFlushed: boolean): Promise<void> {
    const { random, story } = this.#given, { host } = this.#machine;
    story.push(isFlushed ? "--flush" : "a start");
    if (isFlushed) return await flush(host);
    if (random.chance(50)) return void await once(host);
    await using daemon = await Daemon.start(host);
    await daemon.stop();
  }
}

function without(state: string): string {
  return lines(state).filter((line) => !isFleeting(line)).join("\n");
}
