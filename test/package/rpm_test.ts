// The .rpm on a host: it comes, is replaced while it runs, goes, and leaves nothing but what was edited.

import assert from "node:assert/strict";
import { OPTIONS_FILE, UNIT } from "../../src/unit/text.ts";
import { families } from "../lab/addressing.ts";
import { assertCured, assertSame } from "../lab/observe.ts";
import { assertAnswers, byAll } from "../lab/questions.ts";
import { FILE, installScenario, listing as whole, pidOf, stateOf } from "../systemd/installed.ts";
import type { Machine } from "../systemd/machine.ts";
import { leftInRun, LOOSE, marksOf, notes, strictHost } from "../systemd/marks.ts";
import { ours } from "../systemd/ours.ts";
import { nothingLost } from "../systemd/pings.ts";
import { inMachine, madePackages, notPackaged, own } from "./packages.ts";

const skip = notPackaged();

/** The machine is Debian's: its rpm knows of no package that there is. */
function rpm(machine: Machine, ...args: string[]): Promise<string> {
  return machine.must(["rpm", "--nodeps", ...args]);
}

/** All files but those that the package manager keeps for itself. */
async function listing(machine: Machine): Promise<string> {
  return (await whole(machine)).split("\n").filter((line) => !/^\/(var\/lib|root)\/\.?rpm/.test(line)).join(
    "\n",
  );
}

const first = () => inMachine(own()[1]), second = () => inMachine(madePackages().next[1]);

installScenario("installed, upgraded, removed", async (world, machine) => {
  // Of the package "filesystem" where packages are rpm's.
  await machine.must(["mkdir", "-p", "/usr/share/licenses", "/usr/share/man/man8"]);
  const before = await listing(machine);
  await rpm(machine, "--install", first());
  // It is for the distribution to say whether it is enabled (Debian enables), and for the operator to start it.
  assert.equal(await stateOf(machine, "is-enabled"), "enabled");
  assert.equal(await stateOf(machine, "is-active"), "inactive");
  assert.deepEqual(await ours(world), []);
  await rpm(machine, "--upgrade", "--force", first());
  assert.equal(await stateOf(machine, "is-active"), "inactive");
  await machine.systemctl(`start ${UNIT}`);
  for (const family of families) await assertCured(world, family);

  await machine.write(OPTIONS_FILE, 'SYMROUTED_OPTIONS="--priority 26000"\n');
  await machine.systemctl(`reload ${UNIT}`);
  const right = await ours(world), pid = await pidOf(machine);
  await nothingLost(world, async () => void await rpm(machine, "--upgrade", second()));
  assert.notEqual(await pidOf(machine), pid);
  assert.deepEqual(await ours(world), right);
  assert.ok(right.some((line) => line.startsWith("26000:")), right.join("\n"));

  await rpm(machine, "--erase", "symrouted");
  assert.deepEqual(await ours(world), []);
  // What was edited is kept, and serves again.
  assert.match(await machine.must(["cat", OPTIONS_FILE]), /--priority 26000/);
  await rpm(machine, "--install", first());
  await machine.systemctl(`start ${UNIT}`);
  assert.deepEqual(await ours(world), right);
  await machine.must(["cp", "/usr/share/symrouted/options", OPTIONS_FILE]);
  await machine.systemctl(`reload ${UNIT}`);
  await rpm(machine, "--erase", "symrouted");
  assert.deepEqual(await ours(world), []);
  assertSame(await listing(machine), before);
}, { skip });

installScenario("marks of connections outlive an upgrade and go with the package", async (world, machine) => {
  await using _container = await strictHost(world);
  const before = await marksOf(world);
  await rpm(machine, "--install", first());
  await machine.write(OPTIONS_FILE, 'SYMROUTED_OPTIONS="--connmark --mark-mask 0xff00"\n');
  await machine.systemctl(`start ${UNIT}`);
  const right = await marksOf(world);
  assert.deepEqual(right.filters, LOOSE);
  await assertAnswers(world, byAll);
  await rpm(machine, "--upgrade", second());
  assert.deepEqual(await marksOf(world), right);
  assert.deepEqual(await notes(machine), ["em1 1", "em2 1"]);
  await rpm(machine, "--erase", "symrouted");
  assert.deepEqual(await marksOf(world), before);
  assert.equal(await leftInRun(machine), "");
}, { skip });

installScenario("what --install-unit has installed stays as it is beside an .rpm", async (world, machine) => {
  await machine.must([FILE, "--install-unit", "--priority", "26000"]);
  const right = await ours(world), pid = await pidOf(machine);
  const options = await machine.must(["cat", OPTIONS_FILE]);
  await rpm(machine, "--install", first());
  await rpm(machine, "--upgrade", second());
  assert.equal(await machine.must(["cat", OPTIONS_FILE]), options);
  await rpm(machine, "--erase", "symrouted");
  assert.equal(await machine.must(["cat", OPTIONS_FILE]), options);
  assert.equal(await pidOf(machine), pid);
  assert.deepEqual(await ours(world), right);
  assert.equal(await stateOf(machine, "is-enabled"), "enabled");
}, { skip });
