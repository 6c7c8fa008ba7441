// A client that pings the host's addresses 200 times a second each, and counts what is not answered.

import assert from "node:assert/strict";
import { families, type Family } from "../lab/addressing.ts";
import { eventually, type Process } from "../lab/process.ts";
import type { World } from "../lab/world.ts";

/** Seconds between two requests of one `ping`, and how many of them ask each address. */
const INTERVAL = 0.02, SENDERS = 4;

export interface Count {
  sent: number;
  lost: number;
}

/** The numbers of the requests that were answered. */
const answered = ({ lines }: Process) =>
  lines.map(({ text }) => Number(/ bytes from .* icmp_seq=(\d+) /.exec(text)?.[1])).filter((number) =>
    number > 0
  );

/** What is lost, by address, while the body runs; each of the uplinks' addresses has to answer before and afterwards. */
export async function lostWhile(world: World, body: () => Promise<void>): Promise<Record<string, Count>> {
  const addresses = world.uplinks.flatMap((uplink) =>
    families.map((family: Family) => uplink[family].address)
  );
  const pings = addresses.flatMap((address) =>
    Array.from({ length: SENDERS }, () => world.client.spawn(["ping", "-n", "-i", `${INTERVAL}`, address]))
  );
  try {
    await Promise.all(pings.map((ping) => ping.line(/ bytes from /)));
    await body();
    const counts: Record<string, Count> = {};
    for (const ping of pings) {
      const now = answered(ping).length;
      // A few more: what was under way then has been answered by now, or is lost.
      await eventually(() => {
        if (answered(ping).length < now + 5) {
          throw new Error(`${ping.command.join(" ")}: not answered any more`);
        }
      }, { within: 20_000 });
      const numbers = answered(ping), address = ping.command.at(-1)!;
      const { sent, lost } = counts[address] ?? { sent: 0, lost: 0 };
      const last = Math.max(...numbers);
      counts[address] = { sent: sent + last, lost: lost + last - new Set(numbers).size };
    }
    return counts;
  } finally {
    await Promise.all(pings.map((ping) => ping.stop("SIGKILL")));
  }
}

/** Nothing is lost at any address while the body runs. */
export async function nothingLost(world: World, body: () => Promise<void>): Promise<void> {
  for (const [address, { sent, lost }] of Object.entries(await lostWhile(world, body))) {
    assert.equal(lost, 0, `${address}: ${lost} of ${sent} lost`);
  }
}
