// The daemon follows links: an uplink is plugged in, pulled out, renamed, goes down and comes up again.

import assert from "node:assert/strict";
import { families } from "../lab/addressing.ts";
import { assertCured, routes, sourceRules, state } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";
import { Daemon } from "../lab/symrouted.ts";
import { afterDownLines, hostLines, type Uplink, type World } from "../lab/world.ts";

scenario("an uplink is plugged in while it runs, pulled out, and plugged in again", async (world) => {
  await using _daemon = await Daemon.start(world.host);
  const alone = await state(world.host);
  const third = await world.prepare(3);
  for (let time = 0; time < 2; time++) {
    await plugIn(world, third);
    await eventually(() => assertHas(world, third));
    for (const family of families) await assertCured(world, family);
    await world.host.ip(`link set em3 netns ${third.router.name}`);
    await eventually(async () => assert.equal(await state(world.host), alone));
  }
});

scenario("an uplink is deleted while it runs", async (world) => {
  await using _daemon = await Daemon.start(world.host);
  await eventually(() => assertHas(world, world.uplink(2)));
  await world.host.ip("link delete em2");
  await eventually(() => assertHasNot(world, world.uplink(2)));
  await assertHas(world, world.uplink(1));
});

scenario("an uplink's index comes back as another interface", async (world) => {
  await using _daemon = await Daemon.start(world.host);
  const third = await world.prepare(3);
  await world.host.ip("link delete em2");
  await third.router.ip("link set em3 down");
  await third.router.batch(["link delete em3"]);
  await third.router.batch([
    `link add name em3 index 3 netns ${world.host.name} type veth peer name host netns ${third.router.name}`,
    "link set host up",
    "address add 172.19.0.1/24 dev host",
    "address add 2001:db8:3::1/64 dev host nodad",
  ]);
  await world.host.batch(["link set em3 up", ...hostLines(third)]);
  third.table = 1003;
  world.uplinks.splice(1, 1);
  await eventually(() => assertHas(world, third));
  for (const family of families) {
    assert.equal((await sourceRules(world.host, family)).length, 2);
    await assertCured(world, family);
  }
});

scenario("an uplink is renamed while it is down", async (world) => {
  await using _daemon = await Daemon.start(world.host);
  const second = world.uplink(2);
  await world.host.batch(["link set em2 down", "link set em2 name wan2", "link set wan2 up"]);
  second.device = "wan2";
  await world.host.batch(afterDownLines(second));
  await eventually(() => assertHas(world, second));
  for (const family of families) await assertCured(world, family);
});

scenario("an uplink is renamed while it is up, into and out of --exclude", async (world) => {
  const { host } = world;
  await using daemon = await Daemon.start(host, ["--exclude", "lan*"]);
  const second = world.uplink(2);
  await rename("em2", "lan2");
  await eventually(() => assertHasNot(world, second));
  await rename("lan2", "wan2");
  second.device = "wan2";
  await eventually(() => assertHas(world, second));
  for (const family of families) await assertCured(world, family);
  assert.equal(await daemon.stop(), 0);

  // Kernels before 6.2 rename only what is down.
  async function rename(from: string, to: string): Promise<void> {
    const { code } = await host.run(["ip", "link", "set", from, "name", to]);
    if (code === 0) return;
    await host.batch([`link set ${from} down`, `link set ${from} name ${to}`, `link set ${to} up`]);
    await host.batch(afterDownLines({ ...second, device: to }));
  }
});

scenario("an uplink goes down and comes up again", async (world) => {
  const { host } = world;
  await using _daemon = await Daemon.start(host);
  const second = world.uplink(2);
  await host.ip("link set em2 down");
  await eventually(async () => {
    for (const family of families) assert.deepEqual(await routes(host, 1003, family), []);
  });
  await assertHas(world, world.uplink(1));
  await host.ip("link set em2 up");
  await host.batch(afterDownLines(second));
  await eventually(() => assertHas(world, second));
  for (const family of families) await assertCured(world, family);
});

scenario(
  "an uplink loses its carrier and gets it back: its rules stay, and it answers again",
  async (world) => {
    const { host } = world;
    const second = world.uplink(2);
    await using _daemon = await Daemon.start(host);
    const before = await sourceRules(host, "IPv4");
    await second.router.ip("link set host down");
    await eventually(async () => assert.match(await host.ip("link show em2"), /NO-CARRIER/));
    assert.deepEqual(await sourceRules(host, "IPv4"), before);
    await second.router.batch([
      "link set host up",
      `address replace ${second.IPv6.gateway}/64 dev host nodad`,
    ]);
    await eventually(async () => assert.doesNotMatch(await host.ip("link show em2"), /NO-CARRIER/));
    await eventually(() => assertHas(world, second));
    for (const family of families) await assertCured(world, family);
  },
);

scenario("an uplink that has no carrier at the start is mirrored all the same", async (world) => {
  const { host } = world;
  const second = world.uplink(2);
  await second.router.ip("link set host down");
  await eventually(async () => assert.match(await host.ip("route show dev em2"), /linkdown/));
  await using _daemon = await Daemon.start(host);
  await eventually(() => assertHas(world, second));
  await second.router.batch(["link set host up", `address replace ${second.IPv6.gateway}/64 dev host nodad`]);
  await eventually(async () => assert.doesNotMatch(await host.ip("route show dev em2"), /linkdown/));
  for (const family of families) await eventually(() => assertCured(world, family));
});

async function plugIn(world: World, uplink: Uplink): Promise<void> {
  const { router, device, index } = uplink;
  await router.batch([`link set ${device} netns ${world.host.name}`]);
  await world.host.batch([`link set ${device} up`, ...hostLines(uplink)]);
  const [, found] = /^(\d+):/.exec(await world.host.ip(`link show ${device}`))!;
  assert.equal(Number(found), index);
}

async function assertHas(world: World, uplink: Uplink): Promise<void> {
  for (const family of families) {
    const { address, gateway, prefix } = uplink[family];
    const found = await sourceRules(world.host, family);
    assert.ok(found.includes(`from ${address} lookup ${uplink.table}`), found.join("\n"));
    const table = (await routes(world.host, uplink.table, family)).join("\n");
    assert.match(table, new RegExp(`^default via ${gateway} dev ${uplink.device} `, "m"));
    assert.match(table, new RegExp(`^${prefix} dev ${uplink.device} `, "m"));
  }
}

async function assertHasNot(world: World, uplink: Uplink): Promise<void> {
  for (const family of families) {
    const found = (await sourceRules(world.host, family)).join("\n");
    assert.doesNotMatch(found, new RegExp(`lookup ${uplink.table}`));
    assert.deepEqual(await routes(world.host, uplink.table, family), []);
  }
}
