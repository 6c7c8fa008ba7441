// A service is a daemon, whatever its options say, and stays one whatever it is sent.

import assert from "node:assert/strict";
import { OPTIONS_FILE, UNIT } from "../../src/unit/text.ts";
import { eventually } from "../lab/process.ts";
import { property, serviceScenario, serviceScenarios } from "./hardened.ts";
import { pidOf } from "./installed.ts";
import { ours } from "./ours.ts";
import { nothingLost } from "./pings.ts";

serviceScenario(
  "options that are no daemon's end it once, and nothing is flushed",
  async (world, machine) => {
    await machine.systemctl(`start ${UNIT}`);
    const right = await ours(world);
    for (const word of ["--flush", "--once", "--version", "--help", "completions bash", "--reload"]) {
      await machine.write(OPTIONS_FILE, `SYMROUTED_OPTIONS="${word}"\n`);
      const { code } = await machine.run(["systemctl", "reload", UNIT]);
      assert.notEqual(code, 0, word);
      assert.equal(await property(machine, "ActiveState"), "active", word);
      assert.notEqual((await machine.run(["systemctl", "restart", UNIT])).code, 0, word);
      assert.equal(await property(machine, "ActiveState"), "failed", word);
      assert.equal(await property(machine, "NRestarts"), "0", word);
      assert.equal(await property(machine, "ExecMainStatus"), "2", word);
      const told = (await machine.journal(UNIT)).findLast((line) => /no option of a daemon's/.test(line));
      assert.ok(told?.includes(word.startsWith("--he") ? "--help" : word.split(" ")[0]), told);
      assert.deepEqual(await ours(world), right, word);
      await machine.must(["rm", OPTIONS_FILE]);
      await machine.systemctl(`start ${UNIT}`);
    }
  },
);

serviceScenarios("SIGHUP does not end it for good, and nothing is lost", async (world, machine) => {
  await machine.systemctl(`start ${UNIT}`);
  const pid = await pidOf(machine);
  await nothingLost(world, async () => {
    await machine.must(["kill", "-HUP", pid]);
    await eventually(async () => {
      assert.notEqual(await pidOf(machine), pid);
      assert.equal(await property(machine, "ActiveState"), "active");
    }, { within: 10_000 });
  });
});

serviceScenarios("stopped amid a reload it has not failed", async (_, machine) => {
  await machine.systemctl(`start ${UNIT}`);
  const pid = await pidOf(machine);
  // As long as it stands still, the reload waits for it.
  await machine.must(["kill", "-STOP", pid]);
  await machine.systemctl(`reload --no-block ${UNIT}`);
  await eventually(async () => assert.equal(await property(machine, "ActiveState"), "reloading"));
  await eventually(async () => assert.ok(Number(await property(machine, "ControlPID")) > 0));
  await machine.systemctl(`stop --no-block ${UNIT}`);
  // systemd does so itself; so it may have gone by now.
  await machine.run(["kill", "-CONT", pid]);
  await eventually(async () => {
    assert.equal(await property(machine, "ActiveState"), "inactive");
    assert.equal(await property(machine, "Result"), "success");
  }, { within: 15_000 });
});
