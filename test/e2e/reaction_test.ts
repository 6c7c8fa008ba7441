// How soon the daemon follows: within 100 ms in an ordinary case, from the end of the command that changed main
// or an address until the kernel says that rule or route are there.

import assert from "node:assert/strict";
import type { Family } from "../lab/addressing.ts";
import { Monitor } from "../lab/monitor.ts";
import type { Namespace } from "../lab/netns.ts";
import { scenarios } from "../lab/scenario.ts";
import { Daemon } from "../lab/symrouted.ts";

const BOUND = 100;
const ROUNDS = 9;

scenarios("a changed route is followed within 100 ms", async ({ host }, family) => {
  const gateway = family === "IPv4" ? "192.168.0.1" : "2001:db8:2::1";
  await using _daemon = await Daemon.start(host);
  await using monitor = await Monitor.start(host);
  await assertSoon(host, monitor, (round) => {
    const destination = family === "IPv4" ? `198.51.${round}.0/24` : `2001:db8:f0:${round}::/64`;
    return {
      command: `route add ${destination} via ${gateway} dev em2`,
      effect: new RegExp(`^${destination} .*table 1003`),
    };
  });
});

scenarios("a new address is followed within 100 ms", async ({ host }, family) => {
  await using _daemon = await Daemon.start(host);
  await using monitor = await Monitor.start(host);
  await assertSoon(host, monitor, (round) => added(family, round));
});

scenarios("an address that goes is followed within 100 ms", async ({ host }, family) => {
  await using _daemon = await Daemon.start(host);
  await using monitor = await Monitor.start(host);
  await assertSoon(host, monitor, (round) => added(family, round));
  await assertSoon(host, monitor, (round) => ({
    command: `address delete ${extra(family, round)} dev em2`,
    effect: new RegExp(`^Deleted .*from ${extra(family, round).split("/")[0]} lookup 1003`),
  }));
});

/** A command, and the line of `ip monitor` that shows the daemon's answer to it. */
interface Step {
  command: string;
  effect: RegExp;
}

/** Asserts that the median answer comes within the bound. */
async function assertSoon(
  host: Namespace,
  monitor: Monitor,
  step: (round: number) => Step,
): Promise<void> {
  const delays: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { command, effect } = step(round + 1);
    const from = monitor.position;
    await host.ip(command);
    const done = performance.now();
    const { at } = await monitor.line(effect, { from });
    delays.push(at - done);
  }
  const median = delays.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)];
  assert.ok(median < BOUND, `median ${median.toFixed(0)} ms of ${delays.map((delay) => delay.toFixed(0))}`);
}

function added(family: Family, round: number): Step {
  const address = extra(family, round);
  return {
    command: `address add ${address} dev em2${family === "IPv6" ? " nodad" : ""}`,
    effect: new RegExp(`from ${address.split("/")[0]} lookup 1003`),
  };
}

function extra(family: Family, round: number): string {
  return family === "IPv4" ? `192.168.0.${100 + round}/24` : `2001:db8:2::${100 + round}/64`;
}
