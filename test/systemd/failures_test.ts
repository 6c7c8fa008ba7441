// The service is watched, and never gone for long.

import assert from "node:assert/strict";
import { UNIT } from "../../src/unit/text.ts";
import { eventually } from "../lab/process.ts";
import { property, serviceScenario, serviceScenarios } from "./hardened.ts";
import { ours } from "./ours.ts";
import { nothingLost } from "./pings.ts";

const ready = /^ready: 4 rules, 10 routes in place$/;

serviceScenarios(
  "stuck it is restarted by the watchdog; killed it is back; nothing is lost",
  async (world, machine) => {
    await machine.write(`/etc/systemd/system/${UNIT}.d/soon.conf`, "[Service]\nWatchdogSec=2s\n");
    await machine.systemctl("daemon-reload");
    await machine.systemctl(`start ${UNIT}`);
    const before = await ours(world);
    await nothingLost(world, async () => {
      for (const [count, signal] of ["STOP", "KILL"].entries()) {
        const pid = await property(machine, "MainPID");
        await machine.must(["kill", `-${signal}`, pid]);
        await eventually(async () => {
          assert.notEqual(await property(machine, "MainPID"), pid);
          assert.equal(await property(machine, "ActiveState"), "active");
        }, { within: 10_000 });
        await machine.said(UNIT, ready, { times: count + 2 });
      }
    });
    assert.deepEqual(await ours(world), before);
    // A daemon that does its work is left alone.
    const pid = await property(machine, "MainPID");
    await new Promise((resolve) => setTimeout(resolve, 5000));
    assert.equal(await property(machine, "MainPID"), pid);
  },
);

serviceScenario("what fails at each start is tried again, ever more slowly", async (_, machine) => {
  await machine.write(`/etc/systemd/system/${UNIT}.d/unable.conf`, "[Service]\nAmbientCapabilities=\n");
  await machine.systemctl("daemon-reload");
  await machine.run(["systemctl", "start", "--no-block", UNIT]);
  await machine.said(UNIT, /^failed 3 times in a row: starts in 2 s$/, { within: 30_000 });
  await machine.said(UNIT, /^failed 4 times in a row: starts in 4 s$/, { within: 30_000 });
  assert.equal(await property(machine, "ActiveState"), "activating");
  const began = performance.now();
  await machine.systemctl(`stop ${UNIT}`);
  assert.ok(performance.now() - began < 2000, "it is told to end while it waits");
});

serviceScenario(
  "also where systemd does not name the run-time directory (before 240)",
  async (_, machine) => {
    await machine.must(["mkdir", "-m", "700", "/run/symrouted"]);
    // What systemd has not made, it does not name.
    const settings = ["RuntimeDirectory=", "DynamicUser=no", "ReadWritePaths=/run/symrouted"];
    const unable = ["[Service]", ...settings, "AmbientCapabilities=", "CapabilityBoundingSet="];
    await machine.write(`/etc/systemd/system/${UNIT}.d/unable.conf`, `${unable.join("\n")}\n`);
    await machine.systemctl("daemon-reload");
    await machine.run(["systemctl", "start", "--no-block", UNIT]);
    await machine.said(UNIT, /^failed 3 times in a row: starts in 2 s$/, { within: 30_000 });
    await machine.systemctl(`stop ${UNIT}`);
  },
);
