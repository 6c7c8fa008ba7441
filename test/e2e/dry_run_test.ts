// --dry-run: the commands that it prints are the change that --once makes.

import assert from "node:assert/strict";
import { lines, state } from "../lab/observe.ts";
import { Monitor } from "../lab/monitor.ts";
import { scenario } from "../lab/scenario.ts";
import { once, symrouted } from "../lab/symrouted.ts";
import { World } from "../lab/world.ts";

scenario("--dry-run prints commands that do what --once does", async (world) => {
  await using twin = await World.build();
  for (const { host } of [world, twin]) await host.batch(busy);
  assert.equal(comparable(await state(world.host)), comparable(await state(twin.host)));
  const { code, stdout } = await symrouted(world.host, ["--dry-run"]);
  assert.equal(code, 3);
  await world.host.must(["sh", "-eu"], { stdin: stdout });
  await once(twin.host);
  assert.equal(comparable(await state(world.host)), comparable(await state(twin.host)));
  assert.match(await once(world.host), /nothing to do/);
});

scenario("--dry-run prints what puts a damaged state right", async (world) => {
  await once(world.host);
  const right = await state(world.host);
  await world.host.batch([
    "rule delete from 10.0.0.2",
    "rule add from 10.9.9.9 lookup 1002 priority 27200 protocol 115",
    "route delete default table 1003",
    "route add 198.51.100.0/24 via 192.168.0.1 table 1003",
  ]);
  const { code, stdout } = await symrouted(world.host, ["--dry-run"]);
  assert.equal(code, 3);
  await world.host.must(["sh", "-eu"], { stdin: stdout });
  assert.equal(await state(world.host), right);
});

scenario("--dry-run writes nothing", async (world) => {
  const before = await state(world.host);
  await using monitor = await Monitor.start(world.host);
  const from = monitor.position;
  assert.equal((await symrouted(world.host, ["--dry-run"])).code, 3);
  assert.deepEqual(await monitor.happened({ from }), []);
  assert.equal(await state(world.host), before);
});

scenario("--dry-run has nothing to say and exits 0 when all is right", async (world) => {
  await once(world.host);
  const { code, stdout } = await symrouted(world.host, ["--dry-run"]);
  assert.equal(code, 0, stdout);
  assert.deepEqual(commands(stdout), []);
});

scenario("--dry-run needs no privilege", async (world) => {
  const privileged = await symrouted(world.host, ["--dry-run"]);
  const unprivileged = await symrouted(world.host, ["--dry-run"], { without: "net_admin" });
  assert.equal(unprivileged.code, 3, unprivileged.stderr);
  assert.equal(unprivileged.stdout, privileged.stdout);
  assert.notEqual(commands(unprivileged.stdout).length, 0);
});

scenario("--dry-run names what is skipped, and why, in comments", async (world) => {
  await world.host.batch([
    "link add br0 type bridge",
    "link set br0 up",
    "address add 172.17.0.1/16 dev br0",
    "route add 198.51.100.0/24 dev em2 table 1002 proto 116",
  ]);
  const { stdout } = await symrouted(world.host, ["--dry-run"]);
  const comments = lines(stdout).filter((line) => line.startsWith("#"));
  assert.ok(comments.some((line) => /br0/.test(line) && /bridge/.test(line)), stdout);
  assert.ok(comments.some((line) => /em1/.test(line) && /198\.51\.100\.0\/24/.test(line)), stdout);
  assert.ok(
    !commands(stdout).some((line) => /table 1002|lookup 1002/.test(line) && !/^ip -6/.test(line)),
    stdout,
  );
  assert.ok(commands(stdout).some((line) => /1003/.test(line)), stdout);
});

/** Routes of many kinds in main, so that the commands have something to get wrong. */
const busy = [
  "route add 198.51.100.0/24 via 192.168.0.1 dev em2 metric 7 mtu lock 1400 advmss 1300 quickack 1",
  "route add 198.51.101.0/24 via 192.168.0.1 dev em2 proto static tos 0x10 src 192.168.0.2",
  "route add 198.51.102.0/24 via 10.9.9.9 dev em1 onlink realms 3/4",
  "route add 198.51.103.0/24 nexthop via 10.0.0.1 dev em1 weight 2 nexthop via 192.168.0.1 dev em2 weight 3",
  "route add blackhole 198.51.104.0/24 proto static",
  "route add unreachable 198.51.0.0/16 metric 9",
  "route add 2001:db8:f1::/48 via 2001:db8:2::1 dev em2 metric 7 mtu 1400 pref high",
  "route add 2001:db8:f2::/48 via 2001:db8:2::1 dev em2 expires 600",
  "route add 2001:db8:f3::/48 nexthop via 2001:db8:1::1 dev em1 nexthop via 2001:db8:1::9 dev em1",
  "route add prohibit 2001:db8:f4::/48",
  "address add 192.168.0.77/24 dev em2 metric 106",
];

function commands(text: string): string[] {
  return lines(text).filter((line) => !line.startsWith("#"));
}

/** Two worlds differ in their hardware addresses, all that follows from them, and in time left. */
function comparable(text: string): string {
  return text
    .replace(/^.*fe80::(?!\/).*$/gm, "")
    .replace(/link\/ether.*|link-netns \S+| expires \S+/g, "")
    .replace(/@if\d+/g, "");
}
