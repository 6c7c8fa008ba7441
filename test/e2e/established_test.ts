// A connection that goes on by main while its table lacks a way takes that way as soon as the table has it.

import assert from "node:assert/strict";
import { client, clientPrefix, type Family, flag } from "../lab/addressing.ts";
import { faulty, Stops } from "../lab/faults.ts";
import { hold, holdAll, isAlive } from "../lab/held.ts";
import type { Process } from "../lab/process.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { once, symrouted } from "../lab/symrouted.ts";
import type { World } from "../lab/world.ts";

scenarios("a connection that is older than its table", async (world, family) => {
  const held = await holdByFirst(world, family);
  await fillSpeaking(world, held);
  await assertByOwn(world, held);
});

scenarios("a connection whose uplink had lost its default", async (world, family) => {
  const { host } = world, { device, metric, ...sides } = world.uplink(2);
  const route = `default via ${sides[family].gateway} dev ${device} metric ${metric}`;
  await once(host);
  await host.ip(`${flag(family)} route delete ${route}`);
  await once(host);
  const held = await holdByFirst(world, family);
  await host.ip(`${flag(family)} route add ${route}`);
  await fillSpeaking(world, held);
  await assertByOwn(world, held);
});

scenarios("a connection about which main decided by a throw", async (world, family) => {
  const { host } = world, { gateway } = world.uplink(1)[family];
  const routes = [`unreachable ${clientPrefix[family]}`, `${client[family]} via ${gateway} dev em1`];
  await host.batch(routes.map((route) => `route add ${route}`), family);
  await once(host);
  const held = await holdByFirst(world, family);
  await host.batch(routes.map((route) => `route delete ${route}`), family);
  await fillSpeaking(world, held);
  await assertByOwn(world, held);
});

scenario("nobody is made to ask anew by what the kernel refuses", async ({ host }) => {
  await host.ip("-6 route delete default dev em2");
  await once(host);
  await host.batch([
    "route add 2001:db8:30::1 dev em2",
    "route add default via 2001:db8:30::1 dev em2 metric 500",
    "route delete 2001:db8:30::1 dev em2",
  ], "IPv6");
  const { code, stderr } = await symrouted(host, ["--once", "--log-level", "debug"]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /default via 2001:db8:30::1 dev em2 table 1003/);
  assert.doesNotMatch(stderr, / rule add /);
});

/** A connection to the second uplink's address, answered by the first one, whose router lets that pass. */
async function holdByFirst(world: World, family: Family): Promise<Process> {
  await world.uplink(1).router.nft("flush ruleset");
  await holdAll(world.host);
  const held = await hold(world.client, world.uplink(2)[family].address);
  assert.equal(await isAlive(held), true, "by the first uplink");
  return held;
}

/** Makes everything right; before and after each change something is said by the connection. */
async function fillSpeaking({ host }: World, held: Process): Promise<void> {
  assert.equal(await isAlive(held), true);
  using stops = new Stops();
  const filling = symrouted(host, ["--once"], { env: await faulty({ step: stops.path }) });
  const { code, stderr } = await stops.during(filling, async () => {
    assert.equal(await isAlive(held), true);
  });
  assert.equal(code, 0, stderr);
}

async function assertByOwn(world: World, held: Process): Promise<void> {
  await world.uplink(1).router.nft(`table inet closed {
    chain forward {
      type filter hook forward priority filter; policy drop;
    }
  }`);
  assert.equal(await isAlive(held), true, "by its own uplink");
}
