// A client that pings the host's addresses 200 times a second, and counts what does not come back.

import assert from "node:assert/strict";
import { families, type Family } from "./addressing.ts";
import { eventually, type Process } from "./process.ts";
import type { World } from "./world.ts";

const reply = / bytes from .* icmp_seq=(\d+) /;

/**
 * Seconds between two requests of one `ping`, and how many ping each address: 250 requests a second, 200 where the machine
 * is busy. One that is to send more often than 100 times a second keeps a processor busy with waiting.
 */
const INTERVAL = 0.02, SENDERS = 5;

/** How many requests are waited for behind the last one that counts: by then its answer is there, or will never be. */
const BEHIND = 5;

/** Echo requests to each of the uplinks' addresses. */
export class Pings implements AsyncDisposable {
  private constructor(readonly processes: Process[]) {}

  /** When this returns, each address has answered once. */
  static async start(
    { client, uplinks }: World,
    options: { families?: readonly Family[]; by?: number[] } = {},
  ): Promise<Pings> {
    const addresses = uplinks
      .filter(({ number }) => options.by?.includes(number) ?? true)
      .flatMap((uplink) => (options.families ?? families).map((family) => uplink[family].address));
    const ping = (address: string) => client.spawn(["ping", "-n", "-i", String(INTERVAL), address]);
    const pings = new Pings(
      addresses.flatMap((address) => Array.from({ length: SENDERS }, () => ping(address))),
    );
    await Promise.all(pings.processes.map((process) => process.line(reply)));
    return pings;
  }

  /** Ends them, and asserts that no answer is missing; gives how many requests were sent. */
  async noneLost(): Promise<number> {
    const counts = await Promise.all(this.processes.map(async (process) => {
      const start = highest(process);
      const last = await eventually(() => later(process, start), { within: 10_000 });
      await eventually(() => later(process, last + BEHIND), { within: 10_000 });
      const answered = new Set(sequences(process));
      const lost = Array.from({ length: last }, (_, index) => index + 1).filter((one) => !answered.has(one));
      const some = lost.slice(0, 20).join(", ");
      assert.ok(
        lost.length === 0,
        `${process.command.at(-1)}: ${lost.length} of ${last} lost: number ${some}`,
      );
      return last;
    }));
    await this[Symbol.asyncDispose]();
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.processes.map((process) => process[Symbol.asyncDispose]()));
  }
}

/** The numbers of the requests that were answered. */
function sequences(process: Process): number[] {
  return process.lines.flatMap(({ text }) => {
    const number = reply.exec(text)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

function highest(process: Process): number {
  return Math.max(0, ...sequences(process).slice(-BEHIND));
}

/** The highest number, which has to be above the given one. */
function later(process: Process, than: number): number {
  const last = highest(process);
  if (last <= than) throw new Error(`${process.command.join(" ")}: no answers any more`);
  return last;
}
