// The order of writes: at no moment may a table send a reply where main would not have sent it.

import assert from "node:assert/strict";
import type { Family } from "../lab/addressing.ts";
import { Monitor } from "../lab/monitor.ts";
import { assertCured, assertMirrored, state } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { Daemon, once, symrouted } from "../lab/symrouted.ts";
import type { World } from "../lab/world.ts";

scenarios("a rule comes before its table's first route, the longest prefix first", async (world, family) => {
  await addRoutes(world, family);
  await using monitor = await Monitor.start(world.host);
  const from = monitor.position;
  await once(world.host);
  const events = await monitor.happened({ from });
  for (const { table } of world.uplinks) {
    const { rule, lengths } = written(events, table, family);
    assert.ok(lengths.length >= 2);
    assert.ok(rule < lengths[0].position, "the rule comes first");
    assert.deepEqual(lengths.map(({ length }) => length), sorted(lengths).reverse());
  }
});

scenarios("--flush takes the longest prefix last, and the rule after it", async (world, family) => {
  await addRoutes(world, family);
  await once(world.host);
  await using monitor = await Monitor.start(world.host);
  const from = monitor.position;
  assert.equal((await symrouted(world.host, ["--flush"])).code, 0);
  const events = await monitor.happened({ from });
  for (const { table } of world.uplinks) {
    const { rule, lengths } = written(events, table, family, "Deleted ");
    assert.ok(lengths.length >= 2);
    assert.ok(rule > lengths.at(-1)!.position, "the rule goes last");
    assert.deepEqual(lengths.map(({ length }) => length), sorted(lengths));
  }
});

scenarios("restarts, changes and --once lose no reply", async (world, family) => {
  const uplink = world.uplink(2);
  const { address, gateway } = uplink[family];
  const first = await Daemon.start(world.host);
  const ping = world.client.spawn(["ping", "-n", "-i", "0.01", "-W", "1", address]);
  await ping.line(/ bytes from /);
  await first.stop("SIGKILL");
  await once(world.host);
  await using _second = await Daemon.start(world.host);
  const destination = family === "IPv4" ? "198.51.100.0/24" : "2001:db8:f0::/48";
  await world.host.batch([
    `route add ${destination} via ${gateway} dev em2`,
    `route add default via ${gateway} dev em2 metric 50`,
    `route delete ${destination}`,
    `route delete default via ${gateway} dev em2 metric 50`,
  ]);
  await once(world.host);
  assert.equal(await ping.stop("SIGINT"), 0);
  assert.match(ping.text, / 0% packet loss/);
});

scenario("a storm of routes ends with the tables right", async (world) => {
  const { host } = world;
  const gateways = ["192.168.0.1", "2001:db8:2::1"];
  const all = Array.from({ length: 2000 }, (_, number) => [
    `198.18.${number >> 8}.${number & 255}/32 via ${gateways[0]} dev em2`,
    `2001:db8:5000:${number.toString(16)}::/64 via ${gateways[1]} dev em2`,
  ]).flat();
  await using _daemon = await Daemon.start(host);
  const before = await state(host);
  await host.batch(all.map((route) => `route add ${route}`));
  await host.batch(all.filter((_, number) => number % 3 > 0).map((route) => `route delete ${route}`));
  await eventually(() => assertMirrored(world), { within: 15_000 });
  await host.batch(all.filter((_, number) => number % 3 === 0).map((route) => `route delete ${route}`));
  await eventually(async () => assert.equal(await state(host), before), { within: 15_000 });
  await assertCured(world, "IPv4");
});

/** Routes that tell prefix lengths apart. */
async function addRoutes({ host, uplinks }: World, family: Family): Promise<void> {
  const prefixes = family === "IPv4"
    ? ["198.51.100.0/24", "198.51.100.7/32", "198.51.0.0/16", "198.0.0.0/8"]
    : ["2001:db8:f0::/48", "2001:db8:f0::7/128", "2001:db8:f0::/44", "2001:db8::/33"];
  for (const { device, ...sides } of uplinks) {
    const { gateway } = sides[family];
    const metric = device === "em1" ? 7 : 8;
    await host.batch(
      prefixes.map((prefix) => `route add ${prefix} via ${gateway} dev ${device} metric ${metric}`),
    );
  }
}

interface Written {
  /** Where the rule to the table stands among the events. */
  rule: number;
  /** The prefix lengths of the table's routes, in the order of the events. */
  lengths: { position: number; length: number }[];
}

function written(events: string[], table: number, family: Family, prefix = ""): Written {
  const ofFamily = (text: string) => text.includes(":") === (family === "IPv6");
  const bits = family === "IPv4" ? "32" : "128";
  const rulePattern = new RegExp(`^${prefix}\\d+:\\s+from (\\S+) lookup ${table} `);
  const routePattern = new RegExp(`^${prefix}([0-9a-f.:]+|default)(?:/(\\d+))? .*table ${table}\\b`);
  const rule = events.findIndex((line) =>
    ofFamily(rulePattern.exec(line)?.[1] ?? "") && rulePattern.test(line)
  );
  const lengths = events.flatMap((line, position) => {
    const [, destination, length = destination === "default" ? "0" : bits] = routePattern.exec(line) ?? [];
    if (!destination || !ofFamily(line)) return [];
    return [{ position, length: Number(length) }];
  });
  assert.notEqual(rule, -1, events.join("\n"));
  return { rule, lengths };
}

function sorted(lengths: { length: number }[]): number[] {
  return lengths.map(({ length }) => length).sort((a, b) => a - b);
}
