// An uplink to which nothing happens while much happens to others: nobody may write to its tables or rules, and a
// client that pings it 200 times a second (100 where all is slow), in both families, may not lose one answer.

import assert from "node:assert/strict";
import { families } from "./addressing.ts";
import { Monitor } from "./monitor.ts";
import { eventually, patience, type Process } from "./process.ts";
import type { Uplink, World } from "./world.ts";

/** Seconds. The usual ping would spin through the better part of it: it cannot sleep for less than a tick. */
const INTERVAL = patience > 1 ? "0.01" : "0.005";

/** So many answers prove that the client is at it. */
const ENOUGH = 20;

export class Bystander implements AsyncDisposable {
  private constructor(
    readonly uplink: Uplink,
    readonly monitor: Monitor,
    readonly pings: readonly Process[],
  ) {}

  /** When this returns, the client has answers and the monitor hears everything. */
  static async watch(world: World, uplink: Uplink): Promise<Bystander> {
    const monitor = await Monitor.start(world.host, { only: ` (table|lookup) ${uplink.table} ` });
    const pings = families.map((family) =>
      world.client.spawn(["busybox", "ping", "-i", INTERVAL, uplink[family].address])
    );
    const watching = new Bystander(uplink, monitor, pings);
    await eventually(() => watching.#assertAnswered());
    return watching;
  }

  /** Asserts that nothing was written for it (`but` what main itself lost) and no answer was lost. Ends the watch. */
  async assertUndisturbed({ but }: { but?: RegExp } = {}): Promise<void> {
    const marks = this.pings.map((ping) => ping.lines.length);
    await eventually(() => this.#assertAnswered(marks));
    for (const ping of this.pings) {
      await ping.stop("SIGINT");
      assertNoneLost(ping);
    }
    const written = (await this.monitor.happened()).filter((line) => !but?.test(line));
    assert.deepEqual(written, [], `written for ${this.uplink.device}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of [this.monitor, ...this.pings]) await process[Symbol.asyncDispose]();
  }

  #assertAnswered(marks = this.pings.map(() => 0)): void {
    const few = this.pings.find(({ lines }, which) => lines.length - marks[which] < ENOUGH);
    if (few) throw new Error(`no answers: ${few.command.join(" ")}\n${few.text}`);
  }
}

/** The request that was on its way when the client was stopped, the last one, may have no answer. */
function assertNoneLost(ping: Process): void {
  const seen = ping.lines.flatMap(({ text }) => Number(/ bytes from .* seq=(\d+) /.exec(text)?.[1] ?? []));
  const sent = Number(/^(\d+) packets transmitted/m.exec(ping.text)?.[1]);
  assert.ok(sent > ENOUGH, ping.text.slice(-500));
  const missing = [];
  for (let number = 0, answered = new Set(seen); number < sent - 1; number++) {
    if (!answered.has(number)) missing.push(number);
  }
  assert.deepEqual(missing, [], `${missing.length} of ${sent} answers lost: ${ping.command.join(" ")}`);
}
