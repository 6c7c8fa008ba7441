// Floods: 100,000 routes at once, under a client that pings all the while.

import assert from "node:assert/strict";
import { Ear } from "../lab/ear.ts";
import { faulty } from "../lab/faults.ts";
import { Flood } from "../lab/flood.ts";
import { assertMirrored, routes, state } from "../lab/observe.ts";
import { Pings } from "../lab/pings.ts";
import { eventually } from "../lab/process.ts";
import { scenarios } from "../lab/scenario.ts";
import { Daemon } from "../lab/symrouted.ts";

const patience = { within: 120_000, every: 500 };

/** What the socket for notifications is to hold; the kernel doubles the number. None: what the program asks for. */
const buffers = { "64 MiB": undefined, "64 KiB": 32 * 1024 };

for (const [size, receiveBuffer] of Object.entries(buffers)) {
  const environment = () => receiveBuffer ? faulty({ receiveBuffer }) : Promise.resolve({});

  scenarios(`a flood is mirrored and loses no reply, buffer ${size}`, async (world, family) => {
    await using daemon = await Daemon.start(world.host, [], { env: await environment() });
    const before = await state(world.host);
    await using pings = await Pings.start(world);
    const flood = new Flood(world, family);
    const mirrored = (least: number) => assertMirrored(world, { families: [family], least });
    await flood.add();
    await eventually(() => mirrored(flood.count / 2), patience);
    await flood.replace();
    await eventually(() => mirrored(flood.count / 3), patience);
    await flood.remove();
    await eventually(() => mirrored(0), patience);
    assert.equal(await state(world.host), before);
    await pings.noneLost();
    assertCounted(daemon, receiveBuffer !== undefined);
  });

  scenarios(`a flood while it starts is mirrored, buffer ${size}`, async (world, family) => {
    const flood = new Flood(world, family, { count: 50_000 });
    const adding = flood.add();
    await eventually(
      async () => assert.ok((await routes(world.host, "main", family)).length > 1000),
      patience,
    );
    const starting = Daemon.start(world.host, [], { env: await environment(), ...patience });
    await Promise.all([starting, adding]);
    await eventually(() => assertMirrored(world, { families: [family], least: flood.count / 2 }), patience);
  });

  scenarios(`a flood by one uplink leaves another's table alone, buffer ${size}`, async (world, family) => {
    await using daemon = await Daemon.start(world.host, [], { env: await environment() });
    const flood = new Flood(world, family, { by: [1], count: 10_000 });
    using ear = new Ear(world.host);
    await flood.add();
    await eventually(() => assertMirrored(world, { families: [family] }), patience);
    await flood.replace();
    await eventually(() => assertMirrored(world, { families: [family] }), patience);
    await flood.remove();
    await eventually(() => assertMirrored(world, { families: [family] }), patience);
    assert.ok(ear.changes(1002) >= 2 * flood.count, `${ear.changes(1002)} changes heard of`);
    assert.equal(ear.changes(1003), 0);
    assertCounted(daemon, receiveBuffer !== undefined);
  });
}

/** Asserts that the daemon has told, and counted, that it lost notifications; or that it has lost none. */
function assertCounted(daemon: Daemon, isExpected: boolean): void {
  const counts = daemon.lines.flatMap((line) =>
    /notifications were lost \((\d+) so far\)/.exec(line)?.[1] ?? []
  );
  assert.equal(counts.length > 0, isExpected, daemon.lines.join("\n"));
  assert.ok(counts.every((count) => Number(count) > 0), daemon.lines.join("\n"));
}
