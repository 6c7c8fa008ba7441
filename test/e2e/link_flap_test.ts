// Uplinks go down and come up, again and again, and at once: they answer again, their tables are exactly main's own
// routes, and nothing at all happens to another uplink.

import assert from "node:assert/strict";
import { families } from "../lab/addressing.ts";
import { Bystander } from "../lab/bystander.ts";
import { assertMirrored, eventuallyMirrored } from "../lab/expect.ts";
import { Monitor } from "../lab/monitor.ts";
import type { Namespace } from "../lab/netns.ts";
import { assertCured, routes, state } from "../lab/observe.ts";
import { eventually, pause } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";
import { Daemon } from "../lab/symrouted.ts";
import { afterDownLines, type Uplink, type World } from "../lab/world.ts";
import { Random, runSeed } from "../model/random.ts";

const TIMES = 10;
const seed = runSeed();
const three = { uplinks: 3 };

/** Down and up again, with what the administrator, or a DHCP client, adds again then. */
function flap(uplink: Uplink): string[] {
  return [`link set ${uplink.device} down`, `link set ${uplink.device} up`, ...afterDownLines(uplink)];
}

/** Asserts, with patience, that all is as it was, everywhere. */
async function assertHealed(world: World, bystanders: readonly Bystander[]): Promise<void> {
  await eventuallyMirrored(world.host);
  for (const family of families) await assertCured(world, family);
  for (const bystander of bystanders) await bystander.assertUndisturbed();
  await assertMirrored(world.host);
}

for (const flapping of [[1], [2], [1, 2]]) {
  const names = flapping.map((number) => `em${number}`).join(" and ");
  scenario(`${names}: down and up ten times in a row, without a pause`, async (world) => {
    const uplinks = flapping.map((number) => world.uplink(number));
    await using _daemon = await Daemon.start(world.host);
    await using bystander = await Bystander.watch(world, world.uplink(3));
    await world.host.batch(Array.from({ length: TIMES }, () => interleaved(uplinks.map(flap))).flat());
    await assertHealed(world, [bystander]);
  }, three);
}

scenario(`down and up ten times, what was lost comes back later (SEED=${seed})`, async (world) => {
  const random = new Random(seed);
  await using _daemon = await Daemon.start(world.host);
  await using first = await Bystander.watch(world, world.uplink(1));
  const second = world.uplink(2);
  for (let time = 0; time < TIMES; time++) {
    await world.host.batch(["link set em2 down", "link set em2 up"]);
    await pause(random.int(150));
    // Some come too late: the link is down again before.
    if (time === TIMES - 1 || random.chance(70)) await world.host.batch(afterDownLines(second));
  }
  await assertHealed(world, [first]);
}, three);

scenario("one uplink goes down while the other comes up", async (world) => {
  const { host } = world;
  const [, second, third] = world.uplinks;
  await using _daemon = await Daemon.start(host);
  await using bystander = await Bystander.watch(world, world.uplink(1));
  await host.ip("link set em3 down");
  for (let time = 0; time < 3; time++) {
    await host.batch(["link set em2 down", "link set em3 up", ...afterDownLines(third)]);
    await eventuallyMirrored(host);
    assert.deepEqual(await routes(host, second.table, "IPv4"), []);
    await host.batch(["link set em2 up", "link set em3 down", ...afterDownLines(second)]);
    await eventuallyMirrored(host);
    assert.deepEqual(await routes(host, third.table, "IPv4"), []);
  }
  await host.batch(["link set em3 up", ...afterDownLines(third)]);
  await assertHealed(world, [bystander]);
}, three);

scenario("uplinks go down and come up while the daemon does not look: it sees all at once", async (world) => {
  await using daemon = await Daemon.start(world.host);
  await using bystander = await Bystander.watch(world, world.uplink(1));
  daemon.process.signal("SIGSTOP");
  await world.host.batch([...flap(world.uplink(2)), ...flap(world.uplink(3)), "link set em3 down"]);
  daemon.process.signal("SIGCONT");
  await eventuallyMirrored(world.host);
  await world.host.batch(["link set em3 up", ...afterDownLines(world.uplink(3))]);
  await assertHealed(world, [bystander]);
}, three);

scenario("an uplink that is down at the start comes up later", async (world) => {
  const { host } = world;
  await host.ip("link set em2 down");
  await using _daemon = await Daemon.start(host);
  await assertMirrored(host);
  await using bystander = await Bystander.watch(world, world.uplink(1));
  await host.batch(["link set em2 up", ...afterDownLines(world.uplink(2))]);
  await assertHealed(world, [bystander]);
});

scenario("IPv6 addresses that stay while the link is down (keep_addr_on_down)", async (world) => {
  const { host } = world;
  await host.sysctl({ "ipv6/conf/em2/keep_addr_on_down": 1 });
  await using _daemon = await Daemon.start(host);
  await using bystander = await Bystander.watch(world, world.uplink(1));
  for (let time = 0; time < 3; time++) {
    await host.ip("link set em2 down");
    await eventuallyMirrored(host);
    await host.batch(["link set em2 up", ...afterDownLines(world.uplink(2))]);
    await eventuallyMirrored(host);
  }
  await assertHealed(world, [bystander]);
});

scenario(`carrier lost and found ten times (SEED=${seed})`, async (world) => {
  const random = new Random(seed);
  const { router } = world.uplink(2);
  await router.sysctl({ "ipv6/conf/host/keep_addr_on_down": 1 });
  await using _daemon = await Daemon.start(world.host);
  await using bystander = await Bystander.watch(world, world.uplink(1));
  for (let time = 0; time < TIMES; time++) {
    await router.ip("link set host down");
    if (random.chance(50)) await pause(random.int(100));
    await router.ip("link set host up");
    if (random.chance(50)) await pause(random.int(100));
  }
  await carrier(world.host, "em2", true);
  await assertHealed(world, [bystander]);
});

for (const ignoring of [0, 1]) {
  scenario(`ignore_routes_with_linkdown=${ignoring}: lost carrier changes nothing of ours`, async (world) => {
    const { host } = world;
    const second = world.uplink(2);
    await ignoreLinkdown(host, ignoring);
    await second.router.sysctl({ "ipv6/conf/host/keep_addr_on_down": 1 });
    await using _daemon = await Daemon.start(host);
    const before = await state(host);
    await using bystander = await Bystander.watch(world, world.uplink(1));
    await using monitor = await Monitor.start(host);
    await second.router.ip("link set host down");
    await carrier(host, "em2", false);
    // Main goes on meanwhile, by that very link.
    await host.ip("route add 198.51.100.0/24 via 192.168.0.1 dev em2");
    await eventuallyMirrored(host);
    await host.ip("route delete 198.51.100.0/24");
    await eventuallyMirrored(host);
    await second.router.ip("link set host up");
    await carrier(host, "em2", true);
    await eventually(async () => assert.equal(await state(host), before));
    await assertHealed(world, [bystander]);
    const ours = (await monitor.happened()).filter((line) => / (table|lookup) 100\d\b/.test(line));
    assert.deepEqual(ours.filter((line) => !line.includes("198.51.100.0/24")), []);
  });

  scenario(
    `ignore_routes_with_linkdown=${ignoring}: an uplink without carrier at the start`,
    async (world) => {
      const { host } = world;
      const { router } = world.uplink(2);
      await ignoreLinkdown(host, ignoring);
      await router.sysctl({ "ipv6/conf/host/keep_addr_on_down": 1 });
      await router.ip("link set host down");
      await carrier(host, "em2", false);
      await using _daemon = await Daemon.start(host);
      await assertMirrored(host);
      await using bystander = await Bystander.watch(world, world.uplink(1));
      await router.ip("link set host up");
      await carrier(host, "em2", true);
      await assertHealed(world, [bystander]);
    },
  );
}

async function ignoreLinkdown(host: Namespace, ignoring: number): Promise<void> {
  const settings = families.flatMap((family) =>
    ["all", "em1", "em2"].map((name) => `${family.toLowerCase()}/conf/${name}/ignore_routes_with_linkdown`)
  );
  await host.sysctl(Object.fromEntries(settings.map((path) => [path, ignoring])));
}

async function carrier(host: Namespace, device: string, isThere: boolean): Promise<void> {
  await eventually(async () => {
    assert.equal(!/NO-CARRIER/.test(await host.ip(`link show ${device}`)), isThere);
  });
}

/** The first command of each list, then the second of each … */
function interleaved(lists: readonly string[][]): string[] {
  return lists[0].flatMap((_, position) => lists.map((list) => list[position]));
}
