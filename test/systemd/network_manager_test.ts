// Uplinks that NetworkManager configures: what it removes comes back, and what an administrator does by it is followed.

import assert from "node:assert/strict";
import { families } from "../lab/addressing.ts";
import { assertBroken, assertCured } from "../lab/observe.ts";
import type { Machine } from "./machine.ts";
import { networkManager } from "./network_manager.ts";
import { unchangedBy } from "./ours.ts";
import { machineScenario } from "./scenario.ts";

const host = { manager: networkManager, leased: true };

machineScenario("uplinks of NetworkManager are cured", async (world, machine) => {
  for (const family of families) await assertBroken(world, family);
  await machine.systemctl("start symrouted");
  await machine.said("symrouted", /^ready: 4 rules, 10 routes/);
  for (const family of families) await assertCured(world, family);
}, { ...host, started: false });

const actions: Record<string, string[]> = {
  "NetworkManager starts again": ["systemctl restart NetworkManager", "nm-online --timeout 20"],
  "`nmcli device reapply`": ["nmcli device reapply em1", "nmcli device reapply em2"],
  "`nmcli device modify`": [
    "nmcli device modify em2 ipv4.route-metric 300",
    "nmcli device modify em2 ipv4.route-metric 106",
  ],
  "`nmcli connection down`, `nmcli connection up`": ["nmcli connection down em2", "nmcli connection up em2"],
  "`nmcli device disconnect`, `nmcli device connect`": [
    "nmcli device disconnect em2",
    "nmcli device connect em2",
  ],
  "`nmcli networking off`, `nmcli networking on`": ["nmcli networking off", "nmcli networking on"],
};

for (const [name, commands] of Object.entries(actions)) {
  machineScenario(`${name}: all is as it was`, async (world, machine) => {
    await unchangedBy(world, () => inTurn(machine, commands));
    assert.match(await world.host.ip("rule show"), /27200/);
  }, host);
}

async function inTurn(machine: Machine, commands: string[]): Promise<void> {
  for (const command of commands) await machine.must(command.split(" "));
}
