// VRFs: their rule, tables and interfaces are not ours, and an uplink leaves and comes back as a VRF takes and gives it.

import assert from "node:assert/strict";
import { families } from "../../lab/addressing.ts";
import { Bystander } from "../../lab/bystander.ts";
import { others } from "../../lab/others.ts";
import { assertCured, lines, routes, sourceRules, state } from "../../lab/observe.ts";
import { eventually } from "../../lab/process.ts";
import { scenario, type ScenarioOptions } from "../../lab/scenario.ts";
import { Daemon, once, symrouted } from "../../lab/symrouted.ts";
import { Vrf } from "../../lab/vrf.ts";
import { afterDownLines, type World } from "../../lab/world.ts";

const vrfs: ScenarioOptions = { kinds: ["vrf"] };

scenario("a VRF's rule, table and interface stay as they are through everything", async (world) => {
  const { host } = world;
  await using vrf = await Vrf.create(world, 10);
  await eventually(() => assertServed(vrf));
  const [before, all] = [await others(host), await state(host)];

  await using daemon = await Daemon.start(host);
  assert.equal(await others(host), before, "running");
  await host.ip("route add 198.51.100.0/24 via 192.168.0.1 dev em2");
  await eventually(async () => assert.match((await routes(host, 1003, "IPv4")).join("\n"), /^198\.51/m));
  await host.ip("route delete 198.51.100.0/24");
  await eventually(async () =>
    assert.doesNotMatch((await routes(host, 1003, "IPv4")).join("\n"), /^198\.51/m)
  );
  assert.equal(await daemon.stop(), 0);
  assert.equal(await others(host), before, "stopped");

  await using again = await Daemon.start(host);
  assert.equal(await others(host), before, "started again");
  for (const family of families) await assertCured(world, family);
  await assertServed(vrf);
  assert.equal(await again.stop(), 0);
  assert.equal((await symrouted(host, ["--flush"])).code, 0);
  assert.equal(await state(host), all, "flushed");
}, vrfs);

scenario("--dry-run says why a VRF and its interface are skipped", async (world) => {
  await using _vrf = await Vrf.create(world, 10);
  const { stdout } = await symrouted(world.host, ["--dry-run"]);
  const said = lines(stdout).filter((line) => /^# (red|cust) /.test(line)).sort();
  assert.deepEqual(said, [
    ...families.map((family) => `# cust (${family}): skipped: it belongs to the VRF red`),
    ...families.map((family) => `# red (${family}): skipped: it is a VRF`),
  ]);
  assert.doesNotMatch(stdout, /^ip .*(red|cust|172\.31\.7|2001:db8:f7:|table 10\b)/m);
}, vrfs);

scenario("a VRF has the table of an uplink: that uplink is skipped until the VRF goes", async (world) => {
  const { host } = world;
  await using vrf = await Vrf.create(world, 1003);
  const before = await state(host);
  await using daemon = await Daemon.start(host);
  await daemon.line(/em2.*table 1003 belongs to the VRF red/);
  assert.equal(await others(host), before, "running");
  await assertOnlyFirst(world);
  await assertServed(vrf);

  // What the VRF's interface did not have stays: its administrator takes it away.
  await host.batch([
    "link delete red",
    "link set cust down",
    "route delete unreachable 0.0.0.0/0 table 1003",
  ]);
  await host.batch(["route delete unreachable ::/0 table 1003"]);
  await eventually(async () => {
    for (const family of families) {
      const rule = `from ${world.uplink(2)[family].address} lookup 1003`;
      assert.ok((await sourceRules(host, family)).includes(rule), rule);
      assert.match((await routes(host, 1003, family)).join("\n"), /^default via \S+ dev em2 /m);
      await assertCured(world, family);
    }
  });
  assert.equal(await daemon.stop(), 0);
}, vrfs);

scenario("a VRF is made for the table that an uplink has already", async (world) => {
  const { host } = world;
  await using vrf = await Vrf.create(world, 10);
  await host.batch(["link set cust down", "link delete red"]);
  await using daemon = await Daemon.start(host);
  Object.assign(vrf, { table: 1003 });
  await host.batch(vrf.lines());
  await daemon.line(/em2.*table 1003 belongs to the VRF red/);
  await eventually(() => assertOnlyFirst(world));
  for (const family of families) {
    const table = await routes(host, 1003, family);
    assert.match(table.join("\n"), /^default via \S+ dev cust\b/m);
    assert.deepEqual(table.filter((route) => route.includes("em2")), []);
  }
  await eventually(() => assertServed(vrf));
}, vrfs);

scenario("an uplink that a VRF takes leaves, and comes back when it is given back", async (world) => {
  const { host } = world;
  await using vrf = await Vrf.create(world, 10);
  const second = world.uplink(2);
  await using _daemon = await Daemon.start(host);
  await using bystander = await Bystander.watch(world, world.uplink(1));
  await host.ip("link set em2 master red");
  await eventually(() => assertOnlyFirst(world));
  for (const family of families) assert.deepEqual(await routes(host, second.table, family), []);
  const theirs = (await routes(host, 10, "IPv4")).join("\n");
  assert.match(theirs, /^192\.168\.0\.0\/24 dev em2 /m);
  await assertServed(vrf);

  await host.ip("link set em2 nomaster");
  const given = afterDownLines(second).map((line) => line.replace(/^route add/, "route replace"));
  await host.batch(given);
  await eventually(async () => {
    for (const family of families) {
      assert.equal((await sourceRules(host, family)).length, 2);
      await assertCured(world, family);
    }
  });
  await bystander.assertUndisturbed();
}, vrfs);

scenario("an uplink's address that a VRF has too keeps its rule", async (world) => {
  const { host } = world;
  await using _vrf = await Vrf.create(world, 10);
  for (const family of families) {
    const { address, length } = world.uplink(2)[family];
    await host.ip(`address add ${address}/${length} dev cust${family === "IPv6" ? " nodad" : ""}`);
  }
  await once(host);
  for (const family of families) {
    const { address } = world.uplink(2)[family];
    assert.ok((await sourceRules(host, family)).includes(`from ${address} lookup 1003`), family);
    await assertCured(world, family);
  }
}, vrfs);

/** Asserts that the first uplink answers and has the only rule. */
async function assertOnlyFirst(world: World): Promise<void> {
  for (const family of families) {
    assert.deepEqual(await sourceRules(world.host, family), [
      `from ${world.uplink(1)[family].address} lookup 1002`,
    ]);
  }
}

async function assertServed(vrf: Vrf): Promise<void> {
  for (const family of families) assert.equal(await vrf.answers(family), true, `the customer's ${family}`);
}
