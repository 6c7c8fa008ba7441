// What an administrator does to an uplink by systemd-networkd: it is followed, and the other uplink answers meanwhile.

import assert from "node:assert/strict";
import { families } from "../lab/addressing.ts";
import { answers, assertCured, routes, sourceRules } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import type { World } from "../lab/world.ts";
import { dhcpServer } from "../lab/servers.ts";
import type { Machine } from "./machine.ts";
import { configured } from "./networkd.ts";
import { unchangedBy } from "./ours.ts";
import { machineScenario } from "./scenario.ts";

/** Milliseconds that systemd-networkd may take. */
const LATE = 30_000;

type Action = (world: World, machine: Machine) => Promise<unknown>;

const em2 = { again: ["em2"] };

const actions: Record<string, Action> = {
  "`networkctl reload` after a change": (_, machine) =>
    configured(machine, async () => {
      await machine.write("/etc/systemd/network/em2.network.d/more.conf", "[Network]\nDescription=changed\n");
      await machine.must(["networkctl", "reload"]);
    }, em2),
  "`networkctl reconfigure`": (_, machine) =>
    configured(machine, () => machine.must(["networkctl", "reconfigure", "em2"]), em2),
  "`networkctl renew`": (_, machine) => machine.must(["networkctl", "renew", "em2"]),
  "`networkctl down`, `networkctl up`": async (world, machine) => {
    await machine.must(["networkctl", "down", "em2"]);
    await eventually(async () => {
      for (const family of families) {
        assert.equal((await sourceRules(world.host, family)).length, 1);
        assert.deepEqual(await routes(world.host, 1003, family), []);
      }
    }, { within: LATE });
    for (const family of families) assert.ok(await answers(world, world.uplink(1)[family].address));
    await machine.must(["networkctl", "up", "em2"]);
  },
  "it is stopped, and started later": (world, machine) =>
    configured(machine, async () => {
      // The socket would start it again at once.
      await machine.systemctl("stop systemd-networkd.socket systemd-networkd.service");
      for (const family of families) assert.ok(await answers(world, world.uplink(1)[family].address));
      await machine.systemctl("start systemd-networkd.service");
    }),
};

for (const [name, action] of Object.entries(actions)) {
  machineScenario(`${name}: all is as it was`, async (world, machine) => {
    await unchangedBy(world, () => action(world, machine));
  }, { leased: true });
}

machineScenario("its lease is replaced by another", async (world, machine, dhcp) => {
  const uplink = world.uplink(2);
  await dhcp!.stop();
  const address = "192.168.0.70";
  await dhcpServer(uplink, { first: address, last: address });
  await machine.must(["networkctl", "reconfigure", "em2"]);
  await eventually(async () => {
    assert.deepEqual((await sourceRules(world.host, "IPv4"))[1], `from ${address} lookup 1003`);
  }, { within: LATE });
  uplink.IPv4.address = address;
  await assertCured(world, "IPv4");
}, { leased: true });

machineScenario("an uplink that it no longer configures leaves nothing behind", async (world, machine) => {
  await configured(machine, async () => {
    await machine.write(
      "/etc/systemd/network/em2.network",
      "[Match]\nName=em2\n[Network]\nIPv6AcceptRA=no\n",
    );
    await machine.must(["networkctl", "reload"]);
  }, { again: ["em2"] });
  await eventually(async () => {
    for (const family of families) {
      assert.equal((await sourceRules(world.host, family)).length, 1);
      assert.deepEqual(await routes(world.host, 1003, family), []);
    }
  });
  for (const family of families) assert.ok(await answers(world, world.uplink(1)[family].address));
});
