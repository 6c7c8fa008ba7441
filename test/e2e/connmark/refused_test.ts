// What connection marks cannot be given for is refused with its reason, and nothing is changed; what they would change is
// told beforehand.

import assert from "node:assert/strict";
import { folderOf } from "../../setup.ts";
import { families } from "../../lab/addressing.ts";
import { faulty } from "../../lab/faults.ts";
import { settledState, wholeState } from "../../lab/foreign.ts";
import { Inner } from "../../lab/inner.ts";
import { publish } from "../../lab/published.ts";
import { assertAnswers, byAll } from "../../lab/questions.ts";
import { scenario } from "../../lab/scenario.ts";
import { Daemon, flush, once, program, symrouted } from "../../lab/symrouted.ts";

const strict = { rpFilter: 1 } as const;

for (const family of families) {
  scenario(
    `${family}: a rule of somebody else's about bits of our marks is named, and other bits work`,
    async (world) => {
      const { host } = world;
      await using container = await Inner.create(world, "docker0");
      await container.serve();
      await publish(host, "docker0");
      await host.batch(["rule add pref 100 fwmark 0x1000000/0xf000000 lookup 77"], family);
      const before = await settledState(host);
      for (const args of [["--once", "--connmark"], ["--connmark"]]) {
        const { code, stderr } = await symrouted(host, args);
        assert.equal(code, 6, stderr);
        assert.match(stderr, /^symrouted: .*fwmark 0x1000000\/0xf000000.*--mark-mask.*\n$/s);
        assert.deepEqual(await wholeState(host), before);
      }
      await once(host, ["--connmark", "--mark-mask", "0x70000000"]);
      await assertAnswers(world, byAll, { families: [family] });
    },
    strict,
  );
}

scenario(
  "an uplink for which no mark is left is named, and the host's own services answer by it as before",
  async (world) => {
    const { host } = world;
    const { code, stderr } = await symrouted(host, ["--once", "--connmark", "--mark-mask", "0x3000000"]);
    assert.equal(code, 0);
    assert.match(stderr, /^symrouted: em3: its connections are not marked: .*--mark-mask.*\n$/);
    await assertAnswers(world, byAll, { how: ["ping"] });
    await using container = await Inner.create(world, "docker0");
    await container.serve();
    await publish(host, "docker0");
    await once(host, ["--connmark", "--mark-mask", "0x3000000"]);
    await assertAnswers(world, ({ number }) => number < 3);
  },
  { ...strict, uplinks: 3 },
);

scenario("as many uplinks as marks are not too many", async (world) => {
  const { host } = world;
  await using container = await Inner.create(world, "docker0");
  await container.serve();
  await publish(host, "docker0");
  await once(host, ["--connmark", "--mark-mask", "0x3000000"]);
  await assertAnswers(world, byAll);
}, strict);

scenario("a dry run tells of the ruleset and the filters, as commands that do the same", async (world) => {
  const { host } = world;
  await using container = await Inner.create(world, "docker0");
  await container.serve();
  await publish(host, "docker0");
  const before = await settledState(host);
  const { code, stdout } = await symrouted(host, ["--dry-run", "--connmark"]);
  assert.equal(code, 3);
  assert.deepEqual(await wholeState(host), before);
  await host.must(["sh", "-e"], { stdin: stdout });
  await assertAnswers(world, byAll);
  const again = await symrouted(host, ["--dry-run", "--connmark"]);
  assert.equal(again.code, 0, again.stdout);
}, strict);

scenario("without libnftables nothing is changed, and its packages are named", async ({ host }) => {
  const before = await settledState(host);
  for (const args of [["--once", "--connmark"], ["--dry-run", "--connmark"], ["--connmark"]]) {
    const { code, stdout, stderr } = await without("libnftables.so.1", [...program(), ...args]);
    assert.deepEqual([code, stdout], [5, ""]);
    assert.match(
      stderr,
      /^symrouted: libnftables\.so\.1 cannot be opened: [^\n]*libnftables1[^\n]*Fedora[^\n]*\n$/,
    );
    assert.deepEqual(await wholeState(host), before);
  }
  // Who does not ask for marks needs none.
  for (const args of [["--once"], ["--flush"]]) {
    const { code, stderr } = await without("libnftables.so.1", [...program(), ...args]);
    assert.deepEqual([code, stderr], [0, ""]);
  }
  assert.deepEqual(await wholeState(host), before);

  /** Runs a command where that library is an empty file. */
  function without(library: string, command: string[]) {
    const script = 'mount --bind /dev/null "$1"; shift; exec "$@"';
    return host.run([
      "unshare",
      "--mount",
      "sh",
      "-euc",
      script,
      "sh",
      `${folderOf(library)}/${library}`,
      ...command,
    ]);
  }
});

scenario("a kernel without nf_tables: nothing is changed, and that is said", async ({ host }) => {
  const env = await faulty({ lacks: "nf_tables" }), before = await settledState(host);
  for (const args of [["--once", "--connmark"], ["--dry-run", "--connmark"], ["--connmark"]]) {
    const { code, stdout, stderr } = await symrouted(host, args, { env });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(
      stderr,
      /^symrouted: connections cannot be marked: [^\n]*needs nf_tables in the kernel[^\n]*\n$/,
    );
    assert.deepEqual(await wholeState(host), before);
  }
  await once(host, [], { env });
  const { code, stderr } = await symrouted(host, ["--flush"], { env });
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(await wholeState(host), before);
});

scenario("a kernel without nf_conntrack: that is said, and source rules hold", async (world) => {
  const { host } = world, env = await faulty({ lacks: "nf_conntrack" }), before = await settledState(host);
  const { code, stderr } = await symrouted(host, ["--once", "--connmark"], { env });
  assert.equal(code, 1);
  assert.match(stderr, /^symrouted: [^\n]*No such file or directory [^\n]*nf_conntrack\)\n/);
  await assertAnswers(world, byAll, { how: ["ping"] });
  await flush(host);
  await using daemon = await Daemon.start(host, ["--connmark"], { env });
  await daemon.line(/nf_conntrack/);
  await assertAnswers(world, byAll, { how: ["ping"] });
  await daemon.stop();
  await flush(host);
  assert.deepEqual(await wholeState(host), before);
}, strict);

scenario("a reload that cannot be is refused, and the daemon goes on as it was", async ({ host }) => {
  await using daemon = await Daemon.start(host);
  await host.ip("rule add pref 100 fwmark 0x1000000/0xf000000 lookup 77");
  const before = await settledState(host);
  const asked = await symrouted(host, ["--reload", "--connmark"]);
  assert.equal(asked.code, 1);
  assert.match(asked.stderr, /^symrouted: not reloaded: rule "100: .*fwmark 0x1000000\/0xf000000.*\n$/);
  const lacking = await symrouted(host, ["--reload", "--connmark"], {
    env: await faulty({ lacks: "nf_tables" }),
  });
  assert.equal(lacking.code, 1);
  assert.match(lacking.stderr, /^symrouted: connections cannot be marked: .*\n$/);
  assert.deepEqual(await wholeState(host), before);
  assert.equal(await daemon.stop(), 0);
});
