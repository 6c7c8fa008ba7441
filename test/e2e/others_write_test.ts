// Another program undoes, in part or in all, what the daemon has written: once, and it is as before within a second.

import assert from "node:assert/strict";
import { families, type Family, flag } from "../lab/addressing.ts";
import type { Namespace } from "../lab/netns.ts";
import { assertCured, routes, rules, sourceRules, state } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { Daemon, once } from "../lab/symrouted.ts";
import type { World } from "../lab/world.ts";

const within = 1000;

/** Shell commands, for one family. */
type Deed = (world: World, family: Family) => string[];

const rule = (world: World, family: Family) => `from ${world.uplink(2)[family].address} lookup 1003`;
const other = (world: World, family: Family) => world.uplink(2)[family].gateway.replace(/1$/, "9");

const flushRules = ["rule flush protocol 115"];
const flushTables = ["route flush table 1002", "route flush table 1003"];

const deeds: Record<string, Deed> = {
  "our rules are flushed": () => flushRules,
  "all rules are flushed, and the kernel's own put back": (_world, family) => [
    "rule flush",
    "rule add lookup main priority 32766",
    ...(family === "IPv4" ? ["rule add lookup default priority 32767"] : []),
  ],
  "our tables are flushed": () => flushTables,
  "rules and tables are flushed": () => [...flushRules, ...flushTables],
  "tables and rules are flushed": () => [...flushTables, ...flushRules],
  "a connected route is deleted": (
    world,
    family,
  ) => [`route delete ${world.uplink(2)[family].prefix} table 1003`],
  "a default route gets another gateway": (world, family) => [
    `route replace default via ${other(world, family)} dev em2 proto static metric 106 table 1003`,
  ],
  "a default route is changed in place": (world, family) => [
    `route change default via ${
      world.uplink(2)[family].gateway
    } dev em2 proto static metric 106 mtu 1300 table 1003`,
  ],
  "a default route gets another metric": (world, family) => [
    `route delete default metric 106 table 1003`,
    `route add default via ${world.uplink(2)[family].gateway} dev em2 proto static metric 7 table 1003`,
  ],
  "a better default route is added": (world, family) => [
    `route add default via ${other(world, family)} dev em2 metric 7 table 1003`,
  ],
  "both default routes are deleted": () => [
    "route delete default table 1003",
    "route delete default table 1002",
  ],
  "a rule gets another priority": (world, family) => [
    `rule delete ${rule(world, family)}`,
    `rule add ${rule(world, family)} priority 100 protocol 115`,
  ],
  "a rule is there a second time": (world, family) => [
    `rule add ${rule(world, family)} priority 100 protocol 115`,
  ],
  "a rule leads to another uplink's table": (world, family) => [
    `rule delete ${rule(world, family)}`,
    `rule add ${rule(world, family).replace("1003", "1002")} priority 27200 protocol 115`,
  ],
  "a rule is deleted and added again as it was": (world, family) => [
    `rule delete ${rule(world, family)}`,
    // The daemon may have been faster.
    `rule add ${rule(world, family)} priority 27200 protocol 115 || :`,
  ],
};

for (const [name, deed] of Object.entries(deeds)) {
  scenario(`${name}, in both families: all is back within a second`, async (world) => {
    const { host } = world;
    await using _daemon = await Daemon.start(host);
    const before = await state(host);
    const commands = families.flatMap((family) =>
      deed(world, family).map((line) => `ip ${flag(family)} ${line}`)
    );
    await host.must(["sh", "-ec", commands.join("\n")]);
    await eventually(async () => assert.equal(await state(host), before), { within });
  });
}

scenario(
  "everything is flushed while the daemon does not look: it finds all of it gone at once",
  async (world) => {
    const { host } = world;
    await using daemon = await Daemon.start(host);
    const before = await state(host);
    daemon.process.signal("SIGSTOP");
    for (const family of families) {
      for (const command of [...flushTables, ...flushRules]) await host.ip(`${flag(family)} ${command}`);
    }
    daemon.process.signal("SIGCONT");
    await eventually(async () => assert.equal(await state(host), before), { within });
    for (const family of families) await assertCured(world, family);
  },
);

/** Ways to the world that are not main's, by the other uplink. */
const foreign: Record<Family, string> = { IPv4: "203.0.113.128/25", IPv6: "2001:db8:f0::/48" };

scenarios(
  "a foreign route in our table is told of once, left, and not missed when it goes",
  async (world, family) => {
    const { host } = world;
    const route = `${foreign[family]} dev em2 table 1002 proto 116`;
    await using daemon = await Daemon.start(host);
    const before = await state(host);
    await host.ip(`${flag(family)} route add ${route}`);
    await daemon.line(/not a route of ours/);
    for (let time = 0; time < 3; time++) {
      await churn(host, family);
      assert.match(
        (await routes(host, 1002, family)).join("\n"),
        new RegExp(`^${foreign[family]} dev em2 proto 116`, "m"),
      );
    }
    assert.equal(
      daemon.lines.filter((line) => /not a route of ours/.test(line)).length,
      1,
      daemon.lines.join("\n"),
    );
    await host.ip(`${flag(family)} route delete ${route}`);
    await churn(host, family);
    assert.equal(await state(host), before);
  },
);

scenarios("a foreign rule to our table is told of once, and left", async ({ host }, family) => {
  const mine = family === "IPv4" ? "to 198.51.100.0/24 lookup 1002" : "to 2001:db8:f0::/48 lookup 1002";
  await using daemon = await Daemon.start(host);
  await host.batch([`rule add ${mine} priority 5000`], family);
  await daemon.line(new RegExp(`the rule .*${mine}.* leads to our table`));
  for (let time = 0; time < 3; time++) await churn(host, family);
  const found = (await rules(host, family)).filter((line) => line.startsWith("5000:"));
  assert.deepEqual(found, [`5000: from all ${mine}`]);
  assert.equal(
    daemon.lines.filter((line) => /leads to our table/.test(line)).length,
    1,
    daemon.lines.join("\n"),
  );
});

/** Something that makes the daemon plan anew, there and back. */
async function churn(host: Namespace, family: Family): Promise<void> {
  const before = await sourceRules(host, family);
  const address = family === "IPv4" ? "10.0.0.88/32" : "2001:db8:1::88/128";
  await host.ip(`address add ${address} dev em1${family === "IPv6" ? " nodad" : ""}`);
  await eventually(async () => assert.equal((await sourceRules(host, family)).length, before.length + 1));
  await host.ip(`address delete ${address} dev em1`);
  await eventually(async () => assert.deepEqual(await sourceRules(host, family), before));
}

scenario("what others undo while it is not running is right again after --once", async ({ host }) => {
  await once(host);
  const before = await state(host);
  for (const family of families) {
    await host.ip(`${flag(family)} rule delete lookup 1003`);
    await host.ip(`${flag(family)} route flush table 1002`);
  }
  await once(host);
  assert.equal(await state(host), before);
});
