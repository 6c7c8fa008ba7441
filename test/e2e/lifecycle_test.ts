// The daemon's beginning and end: ready when it says so, and gone at once when told to.

import assert from "node:assert/strict";
import { families } from "../lab/addressing.ts";
import type { Namespace } from "../lab/netns.ts";
import { assertBroken, assertCured, routes, sourceRules, state } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { Daemon, once, type Ready } from "../lab/symrouted.ts";

scenarios("the daemon cures", async (world, family) => {
  await assertBroken(world, family);
  await using _daemon = await Daemon.start(world.host);
  await assertCured(world, family);
});

scenario("the ready line says what the kernel has at that moment", async (world) => {
  await using daemon = await Daemon.start(world.host);
  assert.deepEqual(daemon.ready, await inPlace(world.host));
  assert.deepEqual(daemon.ready, { rules: 4, routes: 10 });
});

scenario("the ready line counts what was in place before", async (world) => {
  await once(world.host);
  await using daemon = await Daemon.start(world.host);
  assert.deepEqual(daemon.ready, await inPlace(world.host));
});

scenario("the ready line of a host without addresses", async (world) => {
  await using daemon = await Daemon.start(world.host);
  assert.deepEqual(daemon.ready, { rules: 0, routes: 0 });
}, { bare: [1, 2] });

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  scenario(`${signal} ends the daemon at once and leaves everything in place`, async (world) => {
    await using daemon = await Daemon.start(world.host);
    const before = await state(world.host);
    const sent = performance.now();
    assert.equal(await daemon.stop(signal), 0);
    assert.ok(performance.now() - sent < 1000);
    assert.equal(await state(world.host), before);
    for (const family of families) await assertCured(world, family);
  });
}

scenario("a killed daemon's successor puts right what changed meanwhile", async (world) => {
  const { host } = world;
  const first = await Daemon.start(host);
  const right = await state(host);
  await first.stop("SIGKILL");
  await host.batch([
    "address add 192.168.0.99/24 dev em2 metric 106",
    "route add 198.51.100.0/24 via 192.168.0.1 dev em2",
  ]);
  await using second = await Daemon.start(host);
  assert.ok((await sourceRules(host, "IPv4")).includes("from 192.168.0.99 lookup 1003"));
  assert.deepEqual(second.ready, await inPlace(host));
  await host.batch(["address delete 192.168.0.99/24 dev em2", "route delete 198.51.100.0/24"]);
  await eventually(async () => assert.equal(await state(host), right));
});

/** The rules and mirrored routes that the kernel has. */
async function inPlace(host: Namespace): Promise<Ready> {
  const count = { rules: 0, routes: 0 };
  for (const family of families) {
    count.rules += (await sourceRules(host, family)).length;
    for (const table of [1002, 1003]) count.routes += (await routes(host, table, family)).length;
  }
  return count;
}
