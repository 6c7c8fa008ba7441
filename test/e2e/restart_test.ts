// A restart changes nothing: not in the kernel, and not for a client that pings all the while.

import assert from "node:assert/strict";
import { families, flag } from "../lab/addressing.ts";
import { Flood } from "../lab/flood.ts";
import { Monitor } from "../lab/monitor.ts";
import { assertMirrored, lines, routes, rules, state } from "../lab/observe.ts";
import { Pings } from "../lab/pings.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { Daemon, once } from "../lab/symrouted.ts";
import type { World } from "../lab/world.ts";

const patience = { within: 120_000 };
const signals = ["SIGTERM", "SIGKILL"] as const;

scenario("ten restarts write nothing and lose no reply", async (world) => {
  const { host } = world;
  let daemon = await Daemon.start(host);
  await using pings = await Pings.start(world);
  await using monitor = await Monitor.start(host);
  const from = monitor.position;
  for (let time = 0; time < 10; time++) {
    await daemon.stop(signals[time % 2]);
    daemon = await Daemon.start(host, [], patience);
  }
  assert.deepEqual(await monitor.happened({ from }), []);
  await pings.noneLost();
});

scenarios("restarts under 100,000 routes write nothing and lose no reply", async (world, family) => {
  const { host } = world;
  const flood = new Flood(world, family);
  await flood.add();
  let daemon = await Daemon.start(host, [], patience);
  await assertMirrored(world, { families: [family], least: flood.count / 2 });
  await using pings = await Pings.start(world);
  await using monitor = await Monitor.start(host);
  const from = monitor.position;
  for (const signal of signals) {
    await daemon.stop(signal);
    daemon = await Daemon.start(host, [], patience);
  }
  await daemon.stop();
  await once(host);
  assert.deepEqual(await monitor.happened({ from }), []);
  await pings.noneLost();
});

for (const way of ["a daemon", "--once"]) {
  scenario(
    `an upgrade from version 1.0, by ${way}, loses no reply and leaves no rule of it`,
    async (world) => {
      const { host } = world;
      await likeFirstVersion(world);
      const before = await tables(world);
      // Main had that route once.
      await host.ip("route add 198.51.100.0/24 via 192.168.0.9 dev em2 table 1003");
      await using pings = await Pings.start(world);
      await using monitor = await Monitor.start(host);
      let from = monitor.position;
      if (way === "--once") await once(host);
      else await (await Daemon.start(host)).stop();
      assertNewBeforeOld(await monitor.happened({ from }), world);
      await assertRules(world, { priority: 27200, base: 1000 });
      await assertMirrored(world);
      // What was there stays there: the link-local routes alone are new.
      assert.deepEqual((await tables(world)).filter((route) => !route.includes("fe80::/64")), before);
      from = monitor.position;
      await using _daemon = await Daemon.start(host);
      assert.deepEqual(await monitor.happened({ from }), []);
      await pings.noneLost();
    },
  );
}

scenario("restarts with changed options lose no reply of the uplinks that stay", async (world) => {
  const { host } = world;
  let daemon = await Daemon.start(host);
  const before = await state(host);
  await using pings = await Pings.start(world, { by: [1, 2] });
  await using monitor = await Monitor.start(host);
  const changes: { args: string; uplinks?: number; base?: number; priority?: number }[] = [
    { args: "--priority 20000", priority: 20000 },
    { args: "--table-base 3000", base: 3000 },
    { args: "--priority 30000 --table-base 2000", priority: 30000, base: 2000 },
    { args: "--priority 30000 --table-base 2000 --exclude em3", priority: 30000, base: 2000, uplinks: 2 },
    { args: "--priority 30000 --table-base 2000", priority: 30000, base: 2000 },
    { args: "--exclude em3", uplinks: 2 },
    { args: "--priority 27200" },
  ];
  for (const { args, uplinks = 3, base = 1000, priority = 27200 } of changes) {
    const from = monitor.position;
    await daemon.stop();
    daemon = await Daemon.start(host, args.split(" "));
    const part = { uplinks: world.uplinks.slice(0, uplinks) };
    assertNewBeforeOld(await monitor.happened({ from }), { uplinks: world.uplinks.slice(0, 2) });
    await assertRules({ host, ...part }, { base, priority });
    assert.deepEqual(await usedTables(world), part.uplinks.map(({ index }) => base + index));
  }
  assert.equal(await state(host), before);
  await pings.noneLost();
}, { uplinks: 3 });

/** What version 1.0 leaves behind: rules without a protocol, where the kernel puts them, and the uplinks' own routes. */
async function likeFirstVersion({ host, uplinks }: World): Promise<void> {
  for (const family of families) {
    for (const { device, table, metric, ...sides } of uplinks) {
      const { address, prefix, gateway } = sides[family];
      const source = family === "IPv4" ? `scope link src ${address}` : "";
      await host.batch([
        `rule add from ${address} lookup ${table} protocol 0`,
        `route add ${prefix} dev ${device} table ${table} proto kernel metric ${metric} ${source}`,
        `route add default via ${gateway} dev ${device} table ${table} proto static metric ${metric}`,
      ], family);
    }
    const found = lines(await host.ip(`-d ${flag(family)} rule show`));
    assert.equal(found.filter((rule) => /^3276[45]:.* lookup 100[23] proto unspec$/.test(rule)).length, 2);
  }
}

/** Asserts that, beside the kernel's rules, there are those of the uplinks' addresses alone. */
async function assertRules(
  { host, uplinks }: Pick<World, "host" | "uplinks">,
  { priority, base }: { priority: number; base: number },
): Promise<void> {
  for (const family of families) {
    const found = (await rules(host, family)).filter((rule) => !rule.includes(" from all "));
    const wanted = uplinks.map(({ index, ...sides }) =>
      `${priority}: from ${sides[family].address} lookup ${base + index} proto 115`
    );
    assert.deepEqual(found.sort(), wanted.sort());
  }
}

/** Asserts that of these uplinks' addresses none has lost its rule before it had another. */
function assertNewBeforeOld(events: string[], { uplinks }: Pick<World, "uplinks">): void {
  for (const uplink of uplinks) {
    for (const family of families) {
      const rule = new RegExp(`^(Deleted )?\\d+:\\s+from ${uplink[family].address} lookup`);
      let count = 1;
      for (const event of events) {
        const [found, deleted] = rule.exec(event) ?? [];
        if (found) count += deleted ? -1 : 1;
        assert.ok(count > 0, `${event} too early in:\n${events.join("\n")}`);
      }
    }
  }
}

/** The routes of the uplinks' tables. */
async function tables({ host, uplinks }: World): Promise<string[]> {
  const all = uplinks.flatMap(({ table }) => families.map((family) => routes(host, table, family)));
  return (await Promise.all(all)).flat();
}

/** The tables of others than the kernel that have routes. */
async function usedTables({ host }: World): Promise<number[]> {
  const text = await host.ip("-4 route show table all") + await host.ip("-6 route show table all");
  return [...new Set([...text.matchAll(/ table (\d+)/g)].map(([, table]) => Number(table)))].sort();
}
