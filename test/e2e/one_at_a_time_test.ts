// One daemon for each network namespace; whoever else comes does what it says, or says why not.

import assert from "node:assert/strict";
import { script, without } from "../lab/deno.ts";
import { assertCured, state } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";
import { Daemon, program, symrouted } from "../lab/symrouted.ts";
import { World } from "../lab/world.ts";

scenario("a second daemon is refused with a line that names the first", async ({ host }) => {
  await using first = await Daemon.start(host);
  const before = await state(host);
  for (const args of [[], ["--priority", "100"], ["--table-base", "5000"]]) {
    const { code, stdout, stderr } = await symrouted(host, args);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.equal(
      stderr,
      "symrouted: not started: symrouted runs in this network namespace already, " +
        `as process ${first.process.pid} (stop it first)\n`,
    );
  }
  assert.equal(await state(host), before);
});

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  scenario(`after ${signal} the place is free at once`, async ({ host }) => {
    const first = await Daemon.start(host);
    await first.stop(signal);
    await using _second = await Daemon.start(host);
  });
}

scenario("of many that start at once one stays", async ({ host }) => {
  const all = Array.from({ length: 6 }, () => host.spawn(program()));
  const ready = await eventually(() => {
    const text = all.map((one) => one.text);
    assert.equal(text.filter((one) => /already, as process/.test(one)).length, all.length - 1);
    const found = all.find((one) => /: ready: /.test(one.text));
    assert.ok(found);
    return found;
  }, { within: 20_000 });
  const codes = await Promise.all(all.filter((one) => one !== ready).map((one) => one.ended));
  assert.deepEqual(codes, codes.map(() => 1));
});

scenario("each network namespace has a daemon of its own", async (world) => {
  await using other = await World.build();
  await using _first = await Daemon.start(world.host);
  await using _second = await Daemon.start(other.host);
  for (const one of [world, other]) await assertCured(one, "IPv4");
});

/** What sees no process but its own, and has one capability, as the service (ProtectProc=invisible). */
const blind = [
  ...["unshare", "--mount", "sh", "-c", 'mount -t proc -o hidepid=2 proc /proc && exec "$@"', "sh"],
  ...[
    "setpriv",
    "--regid=64000",
    "--clear-groups",
    "--inh-caps=-all,+net_admin",
    "--bounding-set=-all,+net_admin",
  ],
];

/** Those who hold the name, and have no privilege. */
const squatters = {
  root: without("net_admin"),
  anybody: [
    ...["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
    // The checkout may be in somebody's own folder.
    ...["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"],
  ],
};

for (const [who, as] of Object.entries(squatters)) {
  for (const [how, prefix] of [["that sees all", []], ["that sees nobody", blind]] as const) {
    scenario(
      `a name that ${who} holds without the privilege keeps no daemon ${how} from starting`,
      async (world) => {
        const { host } = world;
        await using squatter = host.spawn([...as, ...script("squat.ts")]);
        await squatter.line(/holding/);
        await using daemon = host.spawn([...prefix, ...program()]);
        await daemon.line(/: ready: /, { within: 20_000 });
        await daemon.line(/the name @symrouted is held by a process that is no daemon: it is done without$/);
        await assertCured(world, "IPv4");
        // It is known all the same, and can be asked.
        assert.match((await symrouted(host, [])).stderr, /^symrouted: not started: .* as process \d+ /);
        assert.equal((await symrouted(host, ["--once"])).code, 0);
        assert.equal((await symrouted(host, ["--flush"])).code, 1);
        assert.equal((await symrouted(host, ["--reload"])).code, 0);
      },
    );
  }
}

scenario("a daemon that sees nobody is told of another one, and of none", async ({ host }) => {
  const first = await Daemon.start(host);
  const { code, stderr } = await host.run([...blind, ...program()]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^symrouted: not started: .* as a process that cannot be seen from here \(stop it first\)\n$/,
  );
  await first.stop();
  await using second = host.spawn([...blind, ...program()]);
  await second.line(/: ready: /, { within: 20_000 });
  assert.doesNotMatch(second.text, /@symrouted/);
});

scenario("--once beside a daemon: nothing to do, or why not", async ({ host }) => {
  await using first = await Daemon.start(host);
  const same = await symrouted(host, ["--once"]);
  assert.deepEqual([same.code, same.stderr], [0, ""]);
  assert.equal(same.stdout, "symrouted: nothing to do; 4 rules, 10 routes in place\n");
  const before = await state(host);
  const { code, stdout, stderr } = await symrouted(host, ["--once", "--priority", "100"]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(
    stderr,
    new RegExp(
      `^symrouted: 8 changes not made: .* as process ${first.process.pid}, and does not make them ` +
        "\\(it may have other options: stop it first\\)\n$",
    ),
  );
  assert.equal(await state(host), before);
});

scenario("--once beside a daemon that is behind waits for it", async ({ host }) => {
  await using first = await Daemon.start(host);
  first.process.signal("SIGSTOP");
  await host.ip("address add 10.0.0.77/16 dev em1");
  const asked = symrouted(host, ["--once"]);
  await new Promise((resolve) => setTimeout(resolve, 700));
  first.process.signal("SIGCONT");
  const { code, stdout, stderr } = await asked;
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /nothing to do; 5 rules/);
});

scenario("--flush beside a daemon says why not, and changes nothing", async ({ host }) => {
  await using first = await Daemon.start(host);
  const before = await state(host);
  const { code, stdout, stderr } = await symrouted(host, ["--flush"]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(
    stderr,
    new RegExp(`^symrouted: not flushed: .* as process ${first.process.pid}, and would put everything back`),
  );
  assert.equal(await state(host), before);
});

scenario("--dry-run beside a daemon says what would be changed, also by other options", async ({ host }) => {
  await using _first = await Daemon.start(host);
  const before = await state(host);
  assert.equal((await symrouted(host, ["--dry-run"])).code, 0);
  const { code, stdout } = await symrouted(host, ["--dry-run", "--flush"]);
  assert.equal(code, 3);
  assert.match(stdout, /^ip rule del from 10\.0\.0\.2 lookup 1002/m);
  assert.equal(await state(host), before);
});
