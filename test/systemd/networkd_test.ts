// systemd-networkd removes rules and routes that it does not know whenever it configures an interface: all of symrouted's
// are back at once.

import assert from "node:assert/strict";
import { families } from "../lab/addressing.ts";
import { Monitor } from "../lab/monitor.ts";
import { assertBroken, assertCured, routes, rules, sourceRules } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { once } from "../lab/symrouted.ts";
import type { World } from "../lab/world.ts";
import { dropIn, restart } from "./networkd.ts";
import { ours } from "./ours.ts";
import { lostWhile } from "./pings.ts";
import { machineScenario } from "./scenario.ts";

/** Milliseconds within which everything is back. */
const SOON = 1000;

/** All addresses of uplinks. */
const addresses = ({ uplinks }: World) => uplinks.flatMap(({ IPv4, IPv6 }) => [IPv4.address, IPv6.address]);

/** The addresses whose rule was removed, by whomever. */
const removed = (world: World, happened: string[]) =>
  addresses(world).filter((address) =>
    happened.some((line) => line.startsWith(`Deleted 27200:\tfrom ${address} `))
  );

const foreign = [
  "rule add from 198.51.100.7 lookup 77 priority 900 protocol 77",
  "route add 198.51.100.0/24 dev em2 protocol 77 table 77",
];

machineScenario(
  "control: at its start it removes rules and routes that it does not know",
  async (world, machine) => {
    const { host } = world;
    await once(host);
    await host.batch(foreign);
    await restart(machine);
    assert.doesNotMatch((await rules(host, "IPv4")).join("\n"), /lookup 77/);
    assert.deepEqual(await routes(host, 77, "IPv4"), []);
    for (const family of families) {
      assert.deepEqual(await sourceRules(host, family), []);
      for (const { table } of world.uplinks) {
        assert.doesNotMatch((await routes(host, table, family)).join("\n"), /default/);
      }
      await assertBroken(world, family);
    }
  },
  { started: false },
);

machineScenario("uplinks that it configures are cured", async (world, machine) => {
  for (const family of families) await assertBroken(world, family);
  await machine.systemctl("start symrouted");
  await machine.said("symrouted", /^ready: 4 rules, 11 routes/);
  for (const family of families) await assertCured(world, family);
}, { started: false, leased: true });

machineScenario("it starts again: all is back within a second", async (world, machine) => {
  const before = await ours(world);
  await using monitor = await Monitor.start(world.host);
  const lost = await lostWhile(world, async () => {
    await restart(machine);
    await eventually(async () => assert.deepEqual(await ours(world), before), { within: SOON });
  });
  assert.deepEqual(removed(world, await monitor.happened()), addresses(world), "it has removed nothing");
  for (const [address, count] of Object.entries(lost)) {
    assert.ok(count.lost < 200, `${address}: ${count.lost} of ${count.sent} lost`);
  }
  for (const family of families) await assertCured(world, family);
});

machineScenario(
  "told to manage nothing foreign, it removes nothing of symrouted's",
  async (world, machine) => {
    const before = await ours(world);
    await using monitor = await Monitor.start(world.host);
    const lost = await lostWhile(world, () => restart(machine));
    const happened = await monitor.happened();
    assert.deepEqual(happened.filter((line) => /^Deleted .*(proto 115|table 100[23])/.test(line)), []);
    assert.deepEqual(await ours(world), before);
    for (const [address, count] of Object.entries(lost)) assert.equal(count.lost, 0, `${address}: lost`);
  },
  {
    files: {
      ...dropIn("KeepConfiguration=static"),
      "/etc/systemd/networkd.conf.d/foreign.conf":
        "[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n",
    },
  },
);

/** It may be started as often as one likes. */
const tireless = {
  files: { "/etc/systemd/system/systemd-networkd.service.d/more.conf": "[Unit]\nStartLimitIntervalSec=0\n" },
};

machineScenario("it starts again ten times in a row: all is back within a second", async (world, machine) => {
  const before = await ours(world);
  for (let turn = 0; turn < 10; turn++) await restart(machine);
  await eventually(async () => assert.deepEqual(await ours(world), before), { within: SOON });
  for (const family of families) await assertCured(world, family);
}, tireless);

machineScenario(
  "it starts again ten times, each time after all was back: within a second",
  async (world, machine) => {
    const before = await ours(world);
    for (let turn = 0; turn < 10; turn++) {
      await restart(machine);
      await eventually(async () => assert.deepEqual(await ours(world), before), { within: SOON });
    }
  },
  tireless,
);
