// An interface goes and another takes its ifindex, in a burst and while the daemon does not look: rules and tables are
// those of the new one, nothing of the old one is left, and the others notice nothing.

import assert from "node:assert/strict";
import { families } from "../lab/addressing.ts";
import { Bystander } from "../lab/bystander.ts";
import { assertMirrored, eventuallyMirrored } from "../lab/expect.ts";
import { assertCured, sourceRules } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";
import { Daemon } from "../lab/symrouted.ts";
import { recreate } from "../lab/recreate.ts";
import { cableLine } from "../lab/cables.ts";
import { hostLines, routerEndLines, type World } from "../lab/world.ts";

/** Another program's sources. */
const other = { IPv4: "198.51.100.7", IPv6: "2001:db8:f0::7" };

const three = { uplinks: 3 };

/** With the daemon at work, and with one that is stopped meanwhile and then sees everything at once. */
const lookings = { "while it looks": true, "while it does not look": false };

async function assertHealed(world: World, bystander: Bystander): Promise<void> {
  await eventuallyMirrored(world.host);
  // IPv6 needs a while until the new link is ready.
  for (const family of families) await eventually(() => assertCured(world, family));
  await bystander.assertUndisturbed();
  await assertMirrored(world.host);
}

scenario(
  "an uplink has an index over 64,000, and its table is another program's until it is free",
  async (world) => {
    const { host } = world;
    await using daemon = await Daemon.start(host);
    await using bystander = await Bystander.watch(world, world.uplink(1));
    for (const family of families) await host.batch([`rule add from ${other[family]} lookup 66000`], family);
    await recreate(world, [world.uplink(2)], [{ index: 65000 }]);
    for (const family of families) {
      await daemon.line(
        new RegExp(`em2 \\(${family}\\): skipped: table 66000 is used by the rule .*${other[family]}`),
      );
      assert.equal((await sourceRules(host, family)).length, 1);
    }
    for (const family of families) await host.batch(["rule delete lookup 66000"], family);
    await assertHealed(world, bystander);
    const { address } = world.uplink(2).IPv4;
    assert.ok((await sourceRules(host, "IPv4")).includes(`from ${address} lookup 66000`));
  },
);

for (const [when, isLooking] of Object.entries(lookings)) {
  const change = async (daemon: Daemon, what: () => Promise<void>) => {
    if (!isLooking) daemon.process.signal("SIGSTOP");
    await what();
    daemon.process.signal("SIGCONT");
  };

  scenario(`${when}: an uplink is deleted and made anew with its name and index`, async (world) => {
    await using daemon = await Daemon.start(world.host);
    await using bystander = await Bystander.watch(world, world.uplink(1));
    for (let time = 0; time < 3; time++) {
      await change(daemon, () => recreate(world, [world.uplink(2)], [{}]));
    }
    await assertHealed(world, bystander);
  });

  scenario(`${when}: another uplink takes the index, with other addresses`, async (world) => {
    const [first, second, third] = world.uplinks;
    await world.host.ip("link delete em3");
    world.uplinks.splice(2, 1);
    await using daemon = await Daemon.start(world.host);
    await using bystander = await Bystander.watch(world, first);
    await change(daemon, async () => {
      await world.host.ip("link delete em2");
      world.uplinks.splice(1, 1, third);
      Object.assign(third, { index: second.index, table: second.table });
      await world.host.batch([cableLine(third, world.host), "link set em3 up", ...hostLines(third)]);
      await third.router.batch(routerEndLines(third));
    });
    await assertHealed(world, bystander);
  }, three);

  scenario(`${when}: two uplinks change indexes with each other`, async (world) => {
    const [first, second, third] = world.uplinks;
    await using daemon = await Daemon.start(world.host);
    await using bystander = await Bystander.watch(world, first);
    for (const [index, other] of [[4, 3], [3, 4]]) {
      await change(daemon, () => recreate(world, [second, third], [{ index }, { index: other }]));
      await eventuallyMirrored(world.host);
    }
    await change(daemon, () => recreate(world, [second, third], [{ index: 4 }, { index: 3 }]));
    await assertHealed(world, bystander);
  }, three);

  scenario(`${when}: a bridge takes the index, and its routes go where inside routes go`, async (world) => {
    const { host } = world;
    await using daemon = await Daemon.start(host);
    await using bystander = await Bystander.watch(world, world.uplink(1));
    await change(daemon, () =>
      host.batch([
        "link delete em2",
        "link add name br0 index 3 type bridge",
        "link set br0 up",
        "address add 192.168.0.2/24 dev br0",
        "address add 2001:db8:2::2/64 dev br0 nodad",
      ]));
    world.uplinks.splice(1, 1);
    await eventually(async () => {
      for (const family of families) {
        const { address } = world.uplink(1)[family];
        assert.deepEqual(await sourceRules(host, family), [`from ${address} lookup 1002`]);
        const all = await host.ip(`${family === "IPv4" ? "-4" : "-6"} route show table all`);
        assert.doesNotMatch(all, /table 1003/);
        assert.match(
          all,
          family === "IPv4" ? /^192\.168\.0\.0\/24 dev br0 table 1002/m : /dev br0 table 1002/,
        );
      }
    });
    for (const family of families) await assertCured(world, family);
    await bystander.assertUndisturbed({ but: / br0 / });
  });
}
