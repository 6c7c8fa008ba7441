// One daemon for each network namespace; whoever else comes does what it says, or says why not.

import assert from "node:assert/strict";
import { assertCured, state } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";
import { Daemon, program, symrouted } from "../lab/symrouted.ts";
import { World } from "../lab/world.ts";

const squat = [
  Deno.execPath(),
  "run",
  "-A",
  "--no-config",
  new URL("../lab/squat.ts", import.meta.url).pathname,
];

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

scenario("however often it is asked, an idle daemon is named", async ({ host }) => {
  await using first = await Daemon.start(host);
  await host.must([...squat, "400"]);
  const { stderr } = await symrouted(host, []);
  assert.match(stderr, new RegExp(`as process ${first.process.pid} `));
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

scenario("a name that somebody without the privilege holds keeps no daemon from starting", async (world) => {
  const powerless = ["setpriv", "--inh-caps=-net_admin", "--bounding-set=-net_admin"];
  await using squatter = world.host.spawn([...powerless, ...squat]);
  await squatter.line(/listening/);
  await using daemon = await Daemon.start(world.host);
  await daemon.line(/process \d+ holds the name @symrouted and is no daemon/);
  await assertCured(world, "IPv4");
  assert.equal((await symrouted(world.host, ["--once"])).code, 0);
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
