// One file on a host: it installs itself, runs, is upgraded, and leaves nothing when it goes.

import assert from "node:assert/strict";
import { optionsText } from "../../src/unit/options_file.ts";
import { OPTIONS_FILE, UNIT } from "../../src/unit/text.ts";
import { families } from "../lab/addressing.ts";
import { assertBroken, assertCured, assertSame, sourceRules } from "../lab/observe.ts";
import { must } from "../lab/process.ts";
import { Random, runSeed } from "../model/random.ts";
import { hardWords, randomWords } from "../unit/words.ts";
import { FILE, installScenario, listing, pidOf, stateOf } from "./installed.ts";
import { Machine, releases } from "./machine.ts";
import { ours } from "./ours.ts";
import { nothingLost } from "./pings.ts";
import { machineTest } from "./scenario.ts";

const PROGRAM = "/usr/local/bin/symrouted";

/** The service's process runs the same bytes as that file holds. */
async function assertRuns(machine: Machine, file: string): Promise<void> {
  const sum = async (path: string) => (await machine.must(["sha256sum", path])).split(" ")[0];
  assert.equal(await sum(`/proc/${await pidOf(machine)}/exe`), await sum(file));
}

for (const release of releases) {
  installScenario(
    `${release}: from one file to a service, through every change, and back`,
    async (world, machine) => {
      const before = await listing(machine);
      for (const family of families) await assertBroken(world, family);
      const told = await machine.must([FILE, "--install-unit", "--exclude", "wg*"]);
      assert.match(told, /^symrouted: installed \/usr\/local\/bin\/symrouted$/m);
      assert.match(told, /^symrouted: started symrouted\.service$/m);
      assert.match(told, /Active: active \(running\)[^]*Status: "4 rules, 10 routes in place"/);
      for (const family of families) await assertCured(world, family);
      assert.equal(await stateOf(machine, "is-enabled"), "enabled");

      const pid = await pidOf(machine), first = await ours(world);
      const again = await machine.must([FILE, "--install-unit"]);
      assert.match(again, /^symrouted: nothing to do\n/);
      assert.equal(await pidOf(machine), pid);

      // An upgrade: another file over the one that runs; and back to the older one, by way of both options.
      const newer = `${FILE}.new`, said = "Makes every reply leave";
      await machine.must([
        "sh",
        "-euc",
        `LC_ALL=C sed 's/${said}/MAKES every reply leave/' ${FILE} >${newer}`,
      ]);
      await machine.must(["chmod", "755", newer]);
      await nothingLost(world, async () => {
        const upgraded = await machine.must([newer, "--install-unit", "--priority", "26000"]);
        assert.match(upgraded, /^symrouted: replaced \/usr\/local\/bin\/symrouted$/m);
        assert.match(upgraded, /--priority 26000 \(it was: --exclude wg\*\)$/m);
        assert.match(upgraded, /^symrouted: restarted symrouted\.service$/m);
      });
      await assertRuns(machine, newer);
      assert.match(await machine.must([PROGRAM, "--help"]), /^MAKES every reply/m);
      await nothingLost(world, async () => {
        const back = await machine.must([FILE, "--install-unit"]);
        assert.match(back, /^symrouted: replaced \S+\nsymrouted: restarted symrouted\.service\n/);
      });
      await assertRuns(machine, FILE);
      assert.notEqual(await pidOf(machine), pid);
      assert.deepEqual((await ours(world)).length, first.length);
      assert.ok((await must(["ip", "-n", world.host.name, "rule"])).includes("26000:"));

      await machine.must(["rm", newer]);
      // By the executable that goes, and with the options that the service had.
      const removal = await machine.must([PROGRAM, "--uninstall-unit"]);
      assert.match(removal, /4 rules removed/);
      assert.deepEqual(await ours(world), []);
      for (const family of families) assert.deepEqual(await sourceRules(world.host, family), []);
      assertSame(await listing(machine), before);
      assert.equal((await machine.run(["systemctl", "status", UNIT])).code, 4);
      for (const family of families) await assertBroken(world, family);
    },
    { release },
  );
}

installScenario("a host without libnl", async (world, machine) => {
  await machine.must(["sh", "-c", "find / -xdev -name 'libnl*.so*' -delete; ldconfig"]);
  await machine.must([FILE, "--install-unit"]);
  assert.match(await machine.must([PROGRAM, "--version"]), /^libnl 3\.7\.0, the copy in this program$/m);
  for (const family of families) await assertCured(world, family);
  const pid = await pidOf(machine);
  assert.match(await machine.must(["cat", `/proc/${pid}/maps`]), /memfd:libnl-route-3\.so\.200/);
  await machine.systemctl(`reload ${UNIT}`);
  for (const family of families) await assertCured(world, family);
});

installScenario(
  "a service that does not get ready is as it was before, with one line that says why",
  async (world, machine) => {
    const before = await listing(machine);
    await machine.write(`/etc/systemd/system/${UNIT}.d/unable.conf`, "[Service]\nAmbientCapabilities=\n");
    const first = await machine.run([FILE, "--install-unit"]);
    assert.equal(first.code, 1);
    assert.match(first.stderr, /^symrouted: not installed: .*does not get ready: .*CAP_NET_ADMIN.*\n$/);
    await machine.must(["rm", "-r", `/etc/systemd/system/${UNIT}.d`]);
    assertSame(await listing(machine), before);
    assert.match(await machine.systemctl("list-units --all --plain --no-legend symrouted*"), /^$/);

    await machine.must([FILE, "--install-unit"]);
    const right = await ours(world), whole = await listing(machine);
    await machine.write(
      `/etc/systemd/system/${UNIT}.d/unable.conf`,
      "[Service]\nAmbientCapabilities=\n",
    );
    await nothingLost(world, async () => {
      const second = await machine.run([FILE, "--install-unit", "--priority", "26000"]);
      assert.equal(second.code, 1);
      assert.match(
        second.stderr,
        /^symrouted: not installed: .*CAP_NET_ADMIN.* \(all is as it was, but the service that ran does not start either\)\n$/,
      );
    });
    await machine.must(["rm", "-r", `/etc/systemd/system/${UNIT}.d`]);
    assertSame(await listing(machine), whole);
    assert.deepEqual(await ours(world), right);
  },
);

installScenario(
  "--no-start leaves it enabled; --keep-routes leaves rules and routes",
  async (world, machine) => {
    const told = await machine.must([FILE, "--install-unit", "--no-start"]);
    assert.doesNotMatch(told, /started/);
    assert.deepEqual(await ours(world), []);
    assert.equal(await stateOf(machine, "is-enabled"), "enabled");
    await machine.must([FILE, "--install-unit"]);
    const right = await ours(world);
    await machine.must([FILE, "--uninstall-unit", "--keep-routes"]);
    assert.deepEqual(await ours(world), right);
  },
);

installScenario("a service whose user cannot be made says at which step it fails", async (_, machine) => {
  await machine.must(["groupadd", "symrouted"]);
  const before = await listing(machine);
  const { code, stderr } = await machine.run([FILE, "--install-unit"]);
  assert.equal(code, 1);
  assert.match(stderr, /^symrouted: not installed: .*does not get ready: .*Failed at step USER .*\n$/);
  assertSame(await listing(machine), before);
});

installScenario(
  "another protocol is refused where rules and routes of the old one are in place",
  async (world, machine) => {
    await machine.must([FILE, "--install-unit"]);
    const right = await ours(world), whole = await listing(machine);
    const { code, stderr } = await machine.run([FILE, "--install-unit", "--protocol", "99"]);
    assert.equal(code, 1);
    assert.match(stderr, /^symrouted: not installed: --protocol 99: rules and routes of protocol 115 .*\n$/);
    assert.deepEqual(await ours(world), right);
    assertSame(await listing(machine), whole);
    await machine.systemctl(`stop ${UNIT}`);
    await machine.must([FILE, "--flush", "--protocol", "115"]);
    await machine.must([FILE, "--install-unit", "--protocol", "99"]);
    for (const family of families) await assertCured(world, family);
  },
);

installScenario(
  "a place where nothing may be executed is refused, with nothing changed",
  async (_, machine) => {
    await machine.must(["mount", "-t", "tmpfs", "-o", "noexec", "tmpfs", "/usr/local/bin"]);
    const before = await listing(machine);
    const { code, stderr } = await machine.run([FILE, "--install-unit"]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^symrouted: not installed: \S+: no file may be executed there .*noexec.* \(--bindir .*\)\n$/,
    );
    assertSame(await listing(machine), before);
    assert.equal(await machine.must(["ls", "-A", "/usr/local/bin"]), "");
  },
);

machineTest("systemd gives a service the same arguments that were kept for it", async () => {
  await using machine = await Machine.boot();
  const random = new Random(runSeed());
  const script = "[Service]\nType=oneshot\nEnvironmentFile=/etc/default/symrouted\n" +
    'ExecStart=/bin/sh -c \'printf "%%s\\\\0" "$@" | od -An -v -tx1 | tr -d " \\\\n" >/run/words\' sh $SYMROUTED_OPTIONS\n';
  await machine.writeUnit("words.service", script.replaceAll('"$@"', '"$$@"'));
  const samples = [...hardWords, ...Array.from({ length: 20 }, () => randomWords(random))].filter((
    { length },
  ) => length > 0);
  for (const words of samples) {
    await machine.write(OPTIONS_FILE, await optionsText(words));
    await machine.systemctl("start words");
    const hex = await machine.must(["cat", "/run/words"]);
    const bytes = Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
    assert.deepEqual(new TextDecoder().decode(bytes).split("\0").slice(0, -1), words, `SEED=${runSeed()}`);
  }
});
