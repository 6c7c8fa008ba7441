// An uplink that is a bond: whatever becomes of its slaves is nothing to symrouted, and only the bond is an uplink.

import assert from "node:assert/strict";
import { families } from "../../lab/addressing.ts";
import { Bystander } from "../../lab/bystander.ts";
import { assertMirrored, eventuallyMirrored } from "../../lab/expect.ts";
import { Monitor } from "../../lab/monitor.ts";
import { answersPing, assertCured, lines } from "../../lab/observe.ts";
import { eventually } from "../../lab/process.ts";
import { scenario, type ScenarioOptions } from "../../lab/scenario.ts";
import { Daemon, symrouted } from "../../lab/symrouted.ts";
import { afterDownLines, type World } from "../../lab/world.ts";

const bonded: ScenarioOptions = { made: { 2: "bond" }, kinds: ["bond"] };

/** What becomes of the bond's slaves, step by step; no step takes the last one that works. */
const steps: Record<string, (world: World) => Promise<void>> = {
  "the active slave changes": ({ host }) => host.batch(["link set em2 type bond active_slave em2b"]),
  "the active slave loses its carrier": (world) => port(world, "hostb", "down"),
  "it gets it back": (world) => port(world, "hostb", "up"),
  "the active slave goes down": ({ host }) => host.batch(["link set em2a down"]),
  "it comes up": ({ host }) => host.batch(["link set em2a up"]),
  "the active slave is removed": ({ host }) => host.batch(["link set em2b nomaster"]),
  "what was removed is used by itself": ({ host }) => host.batch(["link set em2b up"]),
  "it is added again": ({ host }) => host.batch(["link set em2b down", "link set em2b master em2"]),
};

scenario("a bond is an uplink, its slaves are none", async ({ host }) => {
  const { stdout } = await symrouted(host, ["--dry-run"]);
  const roles = lines(stdout).filter((line) => /^# em2[ab]? \(/.test(line)).sort();
  assert.deepEqual(roles.map((line) => line.replace(/^# (\S+ \(\S+\)): (\S+).*/, "$1 $2")), [
    ...families.map((family) => `em2 (${family}) uplink`),
    ...["em2a", "em2b"].flatMap((slave) => families.map((family) => `${slave} (${family}) inside`)),
  ]);
  assert.doesNotMatch(stdout, /^ip .*em2[ab]/m);
}, bonded);

scenario("slaves of a bond change, go and come: it answers, and nothing is written", async (world) => {
  const { host } = world;
  await using _daemon = await Daemon.start(host);
  await using bystander = await Bystander.watch(world, world.uplink(1));
  await using monitor = await Monitor.start(host);
  for (const [step, take] of Object.entries(steps)) {
    await take(world);
    await eventually(() => assertAnswers(world)).catch((error) => assert.fail(`${step}: ${error.message}`));
  }
  for (const family of families) await assertCured(world, family);
  await assertMirrored(host);
  await bystander.assertUndisturbed();
  const ours = (await monitor.happened()).filter((line) => / (table|lookup) 10\d\d\b/.test(line));
  assert.deepEqual(ours, []);
}, bonded);

scenario("a bond loses all carrier, all slaves, and all of itself, and comes back", async (world) => {
  const { host } = world;
  await using _daemon = await Daemon.start(host);
  await using bystander = await Bystander.watch(world, world.uplink(1));

  await port(world, "hosta", "down");
  await port(world, "hostb", "down");
  await eventually(async () => assert.match(await host.ip("link show em2"), /NO-CARRIER/));
  await eventuallyMirrored(host);
  await port(world, "hostb", "up");
  await assertHealed(world);

  await host.batch(["link set em2b nomaster", "link set em2a nomaster"]);
  await eventuallyMirrored(host);
  await port(world, "hosta", "up");
  await host.batch(["link set em2a master em2", "link set em2b master em2"]);
  await assertHealed(world);

  await host.ip("link set em2 down");
  await eventuallyMirrored(host);
  await host.batch(["link set em2 up", ...afterDownLines(world.uplink(2))]);
  await assertHealed(world);
  for (const family of families) await assertCured(world, family);
  await bystander.assertUndisturbed();
}, bonded);

async function port(world: World, name: string, state: "up" | "down"): Promise<void> {
  await world.uplink(2).router.batch([`link set ${name} ${state}`]);
}

/** The bond needs a moment to choose another slave, and the router to learn of it. */
async function assertHealed(world: World): Promise<void> {
  await eventually(() => assertAnswers(world));
  await eventuallyMirrored(world.host);
}

async function assertAnswers(world: World): Promise<void> {
  const asked = families.map((family) => answersPing(world, world.uplink(2)[family].address));
  assert.deepEqual(await Promise.all(asked), [true, true]);
}
