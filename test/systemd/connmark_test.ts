// Connection marks by the service that has one capability: kept, repaired, switched, and taken back.

import assert from "node:assert/strict";
import { OPTIONS_FILE, UNIT } from "../../src/unit/text.ts";
import { families } from "../lab/addressing.ts";
import { assertCured, assertSame } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { publish } from "../lab/published.ts";
import { assertAnswers, byAll, byFirst } from "../lab/questions.ts";
import { property } from "./hardened.ts";
import { FILE, installScenario, listing, pidOf, stateOf } from "./installed.ts";
import { type Machine, releases } from "./machine.ts";
import { leftInRun, LOOSE, marksOf, notes, STRICT, strictHost } from "./marks.ts";

const PROGRAM = "/usr/local/bin/symrouted";
const HIGHEST_EXPOSURE = 1.5;
/** Milliseconds in which what somebody has flushed has to be back. */
const SOON = 1000;

async function reloadWith(machine: Machine, options: string): Promise<void> {
  await machine.write(OPTIONS_FILE, `SYMROUTED_OPTIONS="${options}"\n`);
  await machine.systemctl(`reload ${UNIT}`);
}

for (const release of releases) {
  installScenario(
    `${release}: marks are kept by the service, repaired, switched off and on, and go with it`,
    async (world, machine) => {
      await using _container = await strictHost(world);
      const { host } = world, [before, files] = [await marksOf(world), await listing(machine)];
      assert.deepEqual(before.filters, STRICT);
      await assertAnswers(world, byFirst);

      await machine.must([FILE, "--install-unit", "--connmark"]);
      await assertAnswers(world, byAll);
      const told = await machine.must(["systemd-analyze", "security", "--no-pager", UNIT]);
      assert.ok(Number(/exposure level for \S+: ([\d.]+)/.exec(told)?.[1]) <= HIGHEST_EXPOSURE, told);
      const right = await marksOf(world);
      assert.deepEqual(right.filters, LOOSE);
      assert.deepEqual(await notes(machine), ["em1 1", "em2 1"]);
      assert.match(await machine.must([PROGRAM, "--once", "--connmark"]), /nothing to do/);

      await host.nft("flush ruleset");
      await eventually(
        async () => assert.match((await marksOf(world)).ruleset, /table inet symrouted/),
        { within: SOON },
      );
      await machine.said(
        UNIT,
        /another program has changed the nftables table inet symrouted: it is put back/,
      );
      await publish(host, "docker0");
      await assertAnswers(world, byAll);

      const pid = await pidOf(machine);
      for (let turn = 0; turn < 2; turn++) {
        await reloadWith(machine, "");
        // When that returns it has been done.
        const off = await marksOf(world);
        assert.doesNotMatch(off.ruleset, /symrouted/);
        assert.deepEqual([off.rules, off.filters], [before.rules, STRICT]);
        assert.equal(await machine.must(["find", "/run/symrouted/", "-name", "connmark*"]), "");
        await assertAnswers(world, byFirst, { how: ["tcp"] });
        await reloadWith(machine, "--connmark");
        const on = await marksOf(world);
        assert.deepEqual([on.rules, on.filters], [right.rules, LOOSE]);
        assert.deepEqual(await notes(machine), ["em1 1", "em2 1"]);
        await assertAnswers(world, byAll, { how: ["tcp"] });
      }
      assert.equal(await pidOf(machine), pid);

      const kept = await marksOf(world);
      await machine.systemctl(`stop ${UNIT}`);
      assert.deepEqual(await marksOf(world), kept);
      assert.deepEqual(await notes(machine), ["em1 1", "em2 1"]);
      await assertAnswers(world, byAll);
      await machine.systemctl(`start ${UNIT}`);
      assert.deepEqual(await marksOf(world), kept);
      assert.deepEqual(await notes(machine), ["em1 1", "em2 1"]);

      // The options were edited by hand.
      await machine.must([PROGRAM, "--uninstall-unit", "--force"]);
      const after = await marksOf(world);
      assert.doesNotMatch(after.ruleset, /symrouted/);
      assert.deepEqual([after.rules, after.filters], [before.rules, STRICT]);
      assert.equal(await leftInRun(machine), "");
      assertSame(await listing(machine), files);
      await assertAnswers(world, byFirst);
    },
    { release },
  );
}

installScenario(
  "without libnftables --connmark is refused by name, and a service goes on",
  async (world, machine) => {
    await machine.must(["sh", "-c", "find / -xdev -name 'libnftables.so*' -delete; ldconfig"]);
    const files = await listing(machine);
    const { code, stderr } = await machine.run([FILE, "--install-unit", "--connmark"]);
    assert.equal(code, 1);
    const missing = "libnftables\\.so\\.1 cannot be opened: .*\\(install libnftables1 on Debian.*\\)";
    assert.match(stderr, new RegExp(`^symrouted: not installed: .*: ${missing}.*\n$`));
    assertSame(await listing(machine), files);
    assert.equal(await leftInRun(machine), "");

    // Who does not ask for it needs none.
    await machine.must([FILE, "--install-unit"]);
    const pid = await pidOf(machine);
    await machine.write(OPTIONS_FILE, 'SYMROUTED_OPTIONS="--connmark"\n');
    assert.notEqual((await machine.run(["systemctl", "reload", UNIT])).code, 0);
    const asked = await machine.run([PROGRAM, "--reload", "--connmark"]);
    assert.equal(asked.code, 5);
    assert.match(asked.stderr, new RegExp(`^symrouted: ${missing}\n$`));
    assert.equal(await pidOf(machine), pid);
    assert.equal(await stateOf(machine, "is-active"), "active");
    for (const family of families) await assertCured(world, family);

    await machine.systemctl(`stop ${UNIT}`);
    assert.notEqual((await machine.run(["systemctl", "start", UNIT])).code, 0);
    assert.equal(await property(machine, "ExecMainStatus"), "5");
    await machine.said(UNIT, new RegExp(`^symrouted: ${missing}$`));
    await machine.systemctl(`stop ${UNIT}`);
  },
);
