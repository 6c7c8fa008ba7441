// --install-unit and --uninstall-unit are made as a whole or not at all: told to end, or where a part of them fails.

import assert from "node:assert/strict";
import { OPTIONS_FILE, UNIT } from "../../src/unit/text.ts";
import { families } from "../lab/addressing.ts";
import { assertCured, assertSame } from "../lab/observe.ts";
import { eventually, type Result } from "../lab/process.ts";
import { FILE, installScenario, listing, pidOf, stateOf } from "./installed.ts";
import type { Machine } from "./machine.ts";
import { ours } from "./ours.ts";
import { nothingLost } from "./pings.ts";

const PROGRAM = "/usr/local/bin/symrouted", DROP_IN = `/etc/systemd/system/${UNIT}.d/slow.conf`;

/** Has systemd do the service's part differently. */
async function differ(machine: Machine, settings: string): Promise<void> {
  await machine.write(DROP_IN, `[Service]\n${settings}\n`);
  await machine.systemctl("daemon-reload");
}

/** Runs a command, and does something once the service is in that state. */
async function amid(
  machine: Machine,
  command: string[],
  { state, action }: { state: string; action: () => Promise<unknown> },
): Promise<Result> {
  const running = machine.run(command);
  await eventually(async () => assert.equal(await stateOf(machine, "is-active"), state), { within: 20_000 });
  await action();
  return await running;
}

/** Sends a signal to a command and all that it has started, as a terminal does, once the service is in that state. */
function interrupted(
  machine: Machine,
  command: string[],
  { signal, state }: { signal: string; state: string },
): Promise<Result> {
  const own = ["setsid", "--wait", "sh", "-euc", 'echo $$ >/run/group; exec "$@"', "sh"];
  const action = () => machine.must(["sh", "-euc", `kill -${signal} -$(cat /run/group)`]);
  return amid(machine, [...own, ...command], { state, action });
}

/** Nothing can be written to a folder any more, nor be taken from it. */
function seal(machine: Machine, folder: string): Promise<string> {
  const script = 'mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"';
  return machine.must(["sh", "-euc", script, "sh", folder]);
}

installScenario("interrupted while it starts, an installation is taken back", async (world, machine) => {
  const slow = "ExecStartPre=/bin/sleep 20";
  await differ(machine, slow);
  const before = await listing(machine);
  for (const signal of ["INT", "TERM"]) {
    const first = await interrupted(machine, [FILE, "--install-unit"], { signal, state: "activating" });
    assert.deepEqual([first.code, first.stdout], [1, ""]);
    assert.equal(
      first.stderr,
      `symrouted: not installed: interrupted by SIG${signal} (all is as it was)\n`,
    );
    assertSame(await listing(machine), before);
    assert.match(await stateOf(machine, "is-active"), /^(inactive|unknown)$/);
  }

  await machine.must(["rm", "-r", DROP_IN.replace(/\/[^/]*$/, "")]);
  await machine.must([FILE, "--install-unit"]);
  await differ(
    machine,
    "ExecStartPre=/bin/sh -c 'sleep 2; case $$SYMROUTED_OPTIONS in *26000*) sleep 20; esac'",
  );
  const right = await ours(world), whole = await listing(machine);
  await nothingLost(world, async () => {
    const command = [FILE, "--install-unit", "--priority", "26000"];
    const second = await interrupted(machine, command, { signal: "INT", state: "activating" });
    assert.match(second.stderr, /^symrouted: not installed: interrupted by SIGINT \(all is as it was\)\n$/);
  });
  assertSame(await listing(machine), whole);
  assert.deepEqual(await ours(world), right);
  assert.equal(await stateOf(machine, "is-active"), "active");
});

installScenario("a connection that is lost does not stop it", async (world, machine) => {
  await differ(machine, "ExecStartPre=/bin/sleep 3\nExecStop=/bin/sleep 3");
  const before = await listing(machine);
  const command = [FILE, "--install-unit"];
  const { code, stdout } = await interrupted(machine, command, { signal: "HUP", state: "activating" });
  assert.equal(code, 0);
  assert.match(stdout, /^symrouted: started symrouted\.service$/m);
  for (const family of families) await assertCured(world, family);
  const removal = [PROGRAM, "--uninstall-unit"];
  const removed = await interrupted(machine, removal, { signal: "HUP", state: "deactivating" });
  assert.equal(removed.code, 0, removed.stderr);
  assert.deepEqual(await ours(world), []);
  assertSame(await listing(machine), before);
});

installScenario("interrupted while it stops, a removal is taken back", async (world, machine) => {
  await differ(machine, "ExecStop=/bin/sleep 3");
  await machine.must([FILE, "--install-unit"]);
  const right = await ours(world), whole = await listing(machine), pid = await pidOf(machine);
  await nothingLost(world, async () => {
    const removal = [PROGRAM, "--uninstall-unit"];
    const { code, stdout, stderr } = await interrupted(machine, removal, {
      signal: "INT",
      state: "deactivating",
    });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.equal(stderr, "symrouted: not removed: interrupted by SIGINT (all is as it was)\n");
  });
  assertSame(await listing(machine), whole);
  assert.deepEqual(await ours(world), right);
  assert.equal(await stateOf(machine, "is-active"), "active");
  assert.notEqual(await pidOf(machine), pid);
});

installScenario(
  "a removal that fails after the service has ended starts it again",
  async (world, machine) => {
    await machine.must([FILE, "--install-unit", "--priority", "26000"]);
    // What is removed last can no longer be.
    const folder = OPTIONS_FILE.replace(/\/[^/]*$/, "");
    await differ(machine, "ExecStop=/bin/sleep 3");
    const right = await ours(world), whole = await listing(machine);
    const { code, stderr } = await amid(machine, [PROGRAM, "--uninstall-unit"], {
      state: "deactivating",
      action: () => seal(machine, folder),
    });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^symrouted: \/etc\/default\/symrouted cannot be written: Read-only file system \(all is as it was\)\n$/,
    );
    assert.equal(await stateOf(machine, "is-active"), "active");
    await machine.must(["umount", folder]);
    assertSame(await listing(machine), whole);
    assert.deepEqual(await ours(world), right);
  },
);

installScenario(
  "what cannot be put back keeps nothing else from it, nor the reason",
  async (world, machine) => {
    await machine.must([FILE, "--install-unit"]);
    const right = await ours(world);
    // Beside a file in the new place the service does not start.
    await differ(machine, "ExecStartPre=/bin/sh -c 'sleep 3; [ ! -e /opt/sr/symrouted ]'\nRestart=no");
    const whole = await listing(machine);
    const { code, stderr } = await amid(machine, [FILE, "--install-unit", "--bindir", "/opt/sr"], {
      state: "activating",
      action: () => seal(machine, "/opt/sr"),
    });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^symrouted: not installed: the service does not get ready: .+ \(all is as it was, but \/opt\/sr\/symrouted cannot be put back: Read-only file system; the service that ran does not start either\)\n$/,
    );
    await machine.must(["umount", "/opt/sr"]);
    await machine.must(["rm", "-r", "/opt/sr"]);
    assertSame(await listing(machine), whole);
    await machine.must(["rm", DROP_IN]);
    await machine.systemctl("daemon-reload");
    await machine.systemctl(`start ${UNIT}`);
    assert.deepEqual(await ours(world), right);
  },
);

installScenario("options that a link leads to are those that a removal goes by", async (world, machine) => {
  await machine.write("/etc/managed", 'SYMROUTED_OPTIONS="--priority 26000"\n');
  await machine.must(["ln", "-s", "/etc/managed", OPTIONS_FILE]);
  await machine.must([FILE, "--install-unit"]);
  assert.ok((await ours(world)).some((line) => line.startsWith("26000:")));
  assert.match(await machine.must([FILE, "--install-unit", "--force"]), /^symrouted: nothing to do\n/);
  const removal = await machine.must([PROGRAM, "--uninstall-unit"]);
  assert.match(removal, /4 rules removed[^]*^symrouted: left \/etc\/default\/symrouted: /m);
  assert.deepEqual(await ours(world), []);
  assert.equal((await machine.must(["readlink", OPTIONS_FILE])).trim(), "/etc/managed");
});
