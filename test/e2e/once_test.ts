// --once and --flush: what they change, and what they leave alone.

import assert from "node:assert/strict";
import { assertBroken, assertCured, lines, state } from "../lab/observe.ts";
import { Monitor } from "../lab/monitor.ts";
import { families, type Family } from "../lab/addressing.ts";
import type { Namespace } from "../lab/netns.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { Daemon, once, symrouted } from "../lab/symrouted.ts";

scenario("--once says in one line what it changed", async (world) => {
  const first = lines(await once(world.host));
  assert.equal(first.length, 1);
  assert.match(first[0], /^symrouted: .*\b4 rules, 10 routes in place/);
  const second = lines(await once(world.host));
  assert.equal(second.length, 1);
  assert.match(second[0], /^symrouted: nothing to do; 4 rules, 10 routes in place/);
});

scenario("a second --once changes nothing, and nobody hears of it", async (world) => {
  await once(world.host);
  const before = await state(world.host);
  await using monitor = await Monitor.start(world.host);
  const from = monitor.position;
  await once(world.host);
  assert.deepEqual(await monitor.happened({ from }), []);
  assert.equal(await state(world.host), before);
});

scenario("a daemon started after --once changes nothing, nor does its end", async (world) => {
  await once(world.host);
  const before = await state(world.host);
  await using monitor = await Monitor.start(world.host);
  const from = monitor.position;
  await using daemon = await Daemon.start(world.host);
  assert.equal(await daemon.stop(), 0);
  assert.deepEqual(await monitor.happened({ from }), []);
  assert.equal(await state(world.host), before);
});

scenario("what another program deleted, --once puts back", async (world) => {
  await once(world.host);
  const before = await state(world.host);
  await world.host.batch(["rule delete from 192.168.0.2", "route flush table 1002"]);
  await world.host.ip("-6 route delete default table 1003");
  await once(world.host);
  assert.equal(await state(world.host), before);
});

scenarios("--flush takes the cure away", async (world, family) => {
  await once(world.host);
  await assertCured(world, family);
  assert.equal((await symrouted(world.host, ["--flush"])).code, 0);
  await assertBroken(world, family);
});

scenario("--flush leaves everything else byte for byte", async (world) => {
  await addForeign(world.host);
  const before = await state(world.host);
  await once(world.host);
  assert.notEqual(await state(world.host), before);
  const { code, stderr } = await symrouted(world.host, ["--flush"]);
  assert.equal(code, 0, stderr);
  assert.equal(await state(world.host), before);
});

scenario("--flush where nothing is ours changes nothing", async (world) => {
  await addForeign(world.host);
  const before = await state(world.host);
  const { code, stderr } = await symrouted(world.host, ["--flush"]);
  assert.equal(code, 0, stderr);
  assert.equal(await state(world.host), before);
});

scenario("foreign rules and tables stay byte for byte under --once", async (world) => {
  await addForeign(world.host);
  const before = lines(await state(world.host)).filter(isForeign);
  assert.equal(before.length, foreign("IPv4").length + foreign("IPv6").length);
  await once(world.host);
  assert.deepEqual(lines(await state(world.host)).filter(isForeign), before);
});

async function addForeign(host: Namespace): Promise<void> {
  for (const family of families) await host.batch(foreign(family), family);
}

/** Rules and routes of other programs, among them some that look nearly like ours. */
function foreign(family: Family): string[] {
  const [net, address] = family === "IPv4"
    ? ["198.51.100.0/24", "10.0.0.2"]
    : ["2001:db8:f0::/48", "2001:db8:1::2"];
  return [
    `rule add from ${net} lookup 7777 priority 27200 protocol 116`,
    `rule add from ${address} to ${net} lookup 7778 priority 26000 protocol 4`,
    `rule add from ${net} lookup main priority 26001 protocol 115`,
    `rule add to ${net} lookup 7779 priority 26002 protocol 115`,
    `route add ${net} dev em1 table 7777 protocol 116`,
    `route add blackhole ${net} table 7778 protocol 115`,
  ];
}

function isForeign(line: string): boolean {
  return /777[789]|^2600/.test(line);
}
