// The .deb on a host: it comes, is replaced while it runs, goes, and leaves nothing.

import assert from "node:assert/strict";
import { OPTIONS_FILE, UNIT } from "../../src/unit/text.ts";
import { families } from "../lab/addressing.ts";
import { assertBroken, assertCured, assertSame, sourceRules } from "../lab/observe.ts";
import { assertAnswers, byAll } from "../lab/questions.ts";
import type { World } from "../lab/world.ts";
import { FILE, installScenario, listing as whole, pidOf, stateOf } from "../systemd/installed.ts";
import { type Machine, releases } from "../systemd/machine.ts";
import { leftInRun, LOOSE, marksOf, notes, strictHost } from "../systemd/marks.ts";
import { ours } from "../systemd/ours.ts";
import { nothingLost } from "../systemd/pings.ts";
import { inMachine, madePackages, notPackaged, own } from "./packages.ts";

const skip = notPackaged();

function dpkg(
  machine: Machine,
  action: "--install" | "--remove" | "--purge",
  what = "symrouted",
): Promise<string> {
  return machine.must(["env", "DEBIAN_FRONTEND=noninteractive", "dpkg", action, what]);
}

/** All files but those that the package manager keeps for itself. */
async function listing(machine: Machine): Promise<string> {
  // It clears away folders that have been empty before.
  await machine.must(["find", "/etc/systemd/system", "-type", "d", "-empty", "-delete"]);
  return (await whole(machine)).split("\n").filter((line) => !line.startsWith("/var/lib/dpkg/")).join("\n");
}

const first = () => inMachine(own()[0]), second = () => inMachine(madePackages().next[0]);

async function assertGone(world: World): Promise<void> {
  assert.deepEqual(await ours(world), []);
  for (const family of families) assert.deepEqual(await sourceRules(world.host, family), []);
}

for (const release of releases) {
  installScenario(`${release}: installed, upgraded, removed, purged`, async (world, machine) => {
    for (const family of families) await assertBroken(world, family);
    const before = await listing(machine);
    await dpkg(machine, "--install", first());
    assert.equal(await stateOf(machine, "is-active"), "active");
    assert.equal(await stateOf(machine, "is-enabled"), "enabled");
    for (const family of families) await assertCured(world, family);
    assert.match(await machine.must(["systemctl", "status", UNIT]), /Docs: man:symrouted\(8\)/);
    assert.match(await machine.must(["cat", OPTIONS_FILE]), /^SYMROUTED_OPTIONS=""$/m);

    // With options of the operator's, which an upgrade keeps.
    await machine.write(OPTIONS_FILE, 'SYMROUTED_OPTIONS="--priority 26000"\n');
    await machine.systemctl(`reload ${UNIT}`);
    const right = await ours(world), pid = await pidOf(machine);
    assert.ok(right.some((line) => line.startsWith("26000:")), right.join("\n"));
    await nothingLost(world, async () => void await dpkg(machine, "--install", second()));
    assert.notEqual(await pidOf(machine), pid);
    assert.deepEqual(await ours(world), right);

    // Rules and routes go by the options that made them.
    await dpkg(machine, "--remove");
    await assertGone(world);
    for (const family of families) await assertBroken(world, family);
    assert.match(await machine.must(["cat", OPTIONS_FILE]), /--priority 26000/);
    await dpkg(machine, "--install", first());
    assert.deepEqual(await ours(world), right);
    await dpkg(machine, "--purge");
    await assertGone(world);
    assertSame(await listing(machine), before);
  }, { release, skip });
}

for (const release of releases) {
  installScenario(
    `${release}: marks of connections outlive an upgrade and go with the package`,
    async (world, machine) => {
      await using _container = await strictHost(world);
      const [before, files] = [await marksOf(world), await listing(machine)];
      await dpkg(machine, "--install", first());
      await machine.write(OPTIONS_FILE, 'SYMROUTED_OPTIONS="--connmark --mark-mask 0xff00"\n');
      await machine.systemctl(`reload ${UNIT}`);
      const right = await marksOf(world);
      assert.deepEqual(right.filters, LOOSE);
      await assertAnswers(world, byAll);
      await dpkg(machine, "--install", second());
      assert.deepEqual(await marksOf(world), right);
      assert.deepEqual(await notes(machine), ["em1 1", "em2 1"]);
      await dpkg(machine, "--purge");
      assert.deepEqual(await marksOf(world), before);
      assert.equal(await leftInRun(machine), "");
      assertSame(await listing(machine), files);
    },
    { release, skip },
  );
}

installScenario("a service that was stopped or disabled stays so over an upgrade", async (world, machine) => {
  await dpkg(machine, "--install", first());
  await machine.systemctl(`disable --now ${UNIT}`);
  await dpkg(machine, "--install", second());
  assert.equal(await stateOf(machine, "is-enabled"), "disabled");
  assert.equal(await stateOf(machine, "is-active"), "inactive");
  // Rules and routes of a service that does not run go too.
  assert.notDeepEqual(await ours(world), []);
  await dpkg(machine, "--purge");
  await assertGone(world);
}, { skip });

installScenario(
  "what --install-unit has installed stays as it is beside a package",
  async (world, machine) => {
    await machine.must([FILE, "--install-unit", "--priority", "26000"]);
    const right = await ours(world), pid = await pidOf(machine), before = await listing(machine);
    assert.match(
      await dpkg(machine, "--install", first()),
      /symrouted: .*goes before the package's: .*stays as it is/,
    );
    await dpkg(machine, "--install", second());
    await dpkg(machine, "--purge");
    assert.equal(await pidOf(machine), pid);
    assert.deepEqual(await ours(world), right);
    const [was, is] = [before, await listing(machine)].map((text) =>
      text.split("\n").filter((line) => !line.startsWith("/var/lib/dpkg/")).join("\n")
    );
    assertSame(is, was);
  },
  { skip },
);

installScenario("beside a package, --install-unit changes nothing and says why", async (_, machine) => {
  await dpkg(machine, "--install", first());
  const before = await listing(machine);
  const { code, stderr } = await machine.run([FILE, "--install-unit"]);
  assert.equal(code, 1);
  assert.match(stderr, /^symrouted: not installed: \S+: it came with a package .*\n$/);
  assertSame(await listing(machine), before);
}, { skip });

installScenario(
  "--install-unit goes before a package where told to, and gives its place back",
  async (world, machine) => {
    const empty = await listing(machine);
    await dpkg(machine, "--install", first());
    await machine.write(OPTIONS_FILE, 'SYMROUTED_OPTIONS="--priority 26000"\n');
    await machine.systemctl(`reload ${UNIT}`);
    const before = await listing(machine), right = await ours(world);
    assert.match(await machine.must([FILE, "--install-unit", "--force"]), /^symrouted: restarted /m);
    assert.deepEqual(await ours(world), right);
    const removal = await machine.must(["/usr/local/bin/symrouted", "--uninstall-unit"]);
    assert.match(removal, /^symrouted: left \/etc\/default\/symrouted: the package's service has it$/m);
    assertSame(await listing(machine), before);
    assert.deepEqual(await ours(world), []);
    assert.equal(await stateOf(machine, "is-enabled"), "enabled");
    await machine.systemctl(`start ${UNIT}`);
    assert.deepEqual(await ours(world), right);
    await dpkg(machine, "--purge");
    await assertGone(world);
    assertSame(await listing(machine), empty);
  },
  { skip },
);

installScenario(
  "options that the service refuses are named at an upgrade, and rules stay",
  async (world, machine) => {
    await dpkg(machine, "--install", first());
    const right = await ours(world);
    await machine.write(OPTIONS_FILE, 'SYMROUTED_OPTIONS="--priority nonsense"\n');
    const { stdout, stderr } = await machine.run(["dpkg", "--install", second()]);
    assert.match(stdout + stderr, /^symrouted: the service does not start: journalctl /m);
    assert.deepEqual(await ours(world), right);
    // What they would be taken back by cannot be read: they are left, and that is said.
    assert.match(
      (await machine.run(["dpkg", "--purge", "symrouted"])).stderr,
      /^symrouted: rules and routes are left/m,
    );
  },
  { skip },
);

installScenario(
  "removed in a chroot that has the host's /run, it leaves the host's service and routes alone",
  async (world, machine) => {
    await dpkg(machine, "--install", first());
    const right = await ours(world);
    // Beside a daemon they could not be taken back.
    await machine.systemctl(`stop ${UNIT}`);
    await machine.must([
      "sh",
      "-ec",
      `
    mount -t tmpfs tmpfs /mnt; cd /mnt; mkdir upper work root
    mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay root
    for folder in run proc; do mount --rbind /$folder root/$folder; done`,
    ]);
    await machine.must(["chroot", "/mnt/root", "dpkg", "--purge", "symrouted"]);
    assert.deepEqual(await ours(world), right);
    assert.equal(await stateOf(machine, "is-enabled"), "enabled");
  },
  { skip },
);

installScenario(
  "a purge beside --install-unit leaves nothing that disables a later installation",
  async (_, machine) => {
    await dpkg(machine, "--install", first());
    await dpkg(machine, "--remove");
    await machine.must([FILE, "--install-unit"]);
    await dpkg(machine, "--purge");
    assert.equal(await stateOf(machine, "is-enabled"), "enabled");
    await machine.must([FILE, "--uninstall-unit"]);
    await dpkg(machine, "--install", first());
    assert.equal(await stateOf(machine, "is-enabled"), "enabled");
    assert.equal(await stateOf(machine, "is-active"), "active");
  },
  { skip },
);
