// Another program beside symrouted: what it has written stays as it is, to the letter, whoever came first: at the start,
// while main changes and links flap, when symrouted stops, starts again and takes its own away; packets that are not ours
// go as before, and nothing is left of either in the end.

import assert from "node:assert/strict";
import { families, type Family } from "./addressing.ts";
import { foreignState, settledState, ways, wholeState } from "./foreign.ts";
import { answersPing, routes, sourceRules } from "./observe.ts";
import { eventually } from "./process.ts";
import { type Program, Running } from "./programs/program.ts";
import { scenario } from "./scenario.ts";
import { Daemon, symrouted } from "./symrouted.ts";
import { afterDownLines, type World } from "./world.ts";

/** A test for each order in which the two come. */
export function stays(program: Program, options: { skip?: string } = {}): void {
  scenario(`${program.name}, first: it stays as it is`, async (world) => {
    const { host } = world;
    await Running.start(host, program);
    const before = await settledState(host), went = await ways(host, program.probes);
    const daemon = await Daemon.start(host);
    await assertForeign(world, before);
    assert.deepEqual(await ways(host, program.probes), went);
    await assertAnswers(world);
    await liveThrough(world);
    await assertForeign(world, before);
    assert.deepEqual(await ways(host, program.probes), went);
    await flush(world, daemon);
    assert.deepEqual(await wholeState(host), before);
  }, { ...options, uplinks: 3 });

  scenario(`${program.name}, while symrouted runs: it stays as it is, and goes whole`, async (world) => {
    const { host } = world;
    const pristine = await settledState(host);
    const daemon = await Daemon.start(host);
    const running = await Running.start(host, program);
    const before = await settledForeign(world);
    await liveThrough(world);
    await assertForeign(world, before);
    assert.equal(await daemon.stop(), 0);
    await assertForeign(world, before);
    const again = await Daemon.start(host);
    await assertForeign(world, before);
    await running.stop();
    await eventually(async () => assert.deepEqual(await foreignState(host), pristine));
    await flush(world, again);
    assert.deepEqual(await wholeState(host), pristine);
  }, { ...options, uplinks: 3 });
}

/** Main changes by a link of which the other programs know nothing, and that link flaps. */
export async function liveThrough(world: World): Promise<void> {
  const { host } = world, third = world.uplink(3);
  const before = await Promise.all(families.map((family) => ofThird(world, family)));
  const routesOfThird = families.flatMap((family) => {
    const { gateway } = third[family];
    return family === "IPv4"
      ? [`route add 192.0.2.0/24 via ${gateway} dev em3`, "address add 172.19.0.77/32 dev em3"]
      : [`route add 2001:db8:77::/48 via ${gateway} dev em3`, "address add 2001:db8:3::77/128 dev em3 nodad"];
  });
  await host.batch(routesOfThird);
  await host.batch(["link set em3 down", "link set em3 up", ...afterDownLines(third)]);
  await host.batch(routesOfThird.map((line) => line.replace(" add ", " replace ")));
  await eventually(async () => {
    for (const family of families) {
      assert.match((await routes(host, 1004, family)).join(), /192\.0\.2\.0|db8:77::/);
    }
    assert.ok((await sourceRules(host, "IPv4")).includes("from 172.19.0.77 lookup 1004"));
    assert.ok((await sourceRules(host, "IPv6")).includes("from 2001:db8:3::77 lookup 1004"));
  });
  await host.batch(routesOfThird.map((line) => line.replace(" add ", " delete ").replace(" nodad", "")));
  await eventually(async () => {
    assert.deepEqual(await Promise.all(families.map((family) => ofThird(world, family))), before);
  });
}

async function ofThird({ host }: World, family: Family): Promise<string[]> {
  const rules = (await sourceRules(host, family)).filter((rule) => rule.endsWith(" lookup 1004"));
  return [...rules, ...await routes(host, 1004, family)];
}

export async function assertAnswers(world: World): Promise<void> {
  const addresses = world.uplinks.flatMap((uplink) => families.map((family) => uplink[family].address));
  const answered = await Promise.all(addresses.map((address) => answersPing(world, address)));
  assert.deepEqual(answered, addresses.map(() => true));
}

export async function assertForeign(
  { host }: World,
  before: readonly string[],
  options: { notOurs?: readonly number[] } = {},
): Promise<void> {
  await eventually(async () => assert.deepEqual(await foreignState(host, options), before));
}

async function settledForeign({ host }: World): Promise<string[]> {
  await settledState(host);
  return await foreignState(host);
}

export async function flush({ host }: World, daemon: Daemon): Promise<void> {
  assert.equal(await daemon.stop(), 0);
  const { code, stderr } = await symrouted(host, ["--flush"]);
  assert.equal(code, 0, stderr);
}
