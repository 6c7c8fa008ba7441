// Load is shared over several uplinks: main's default has a next hop by each, with weights or several by one interface.

import assert from "node:assert/strict";
import { type Family, flag, type Side } from "../../lab/addressing.ts";
import { lines } from "../../lab/observe.ts";
import { eventually, patience } from "../../lab/process.ts";
import { scenarios } from "../../lab/scenario.ts";
import { Daemon, symrouted } from "../../lab/symrouted.ts";
import type { World } from "../../lab/world.ts";

const script = new URL("../../lab/connections.ts", import.meta.url).pathname;

const shown = /^default.* metric 10\b/;

scenarios(
  "a multipath default with weights: each table has its own next hops of it",
  async (world, family) => {
    const { host } = world;
    const [first, other] = world.uplinks;
    const via = (last: number) => first[family].gateway.replace(/1$/, `${last}`);
    const nexthops = [
      `nexthop via ${via(1)} dev em1 weight 3`,
      `nexthop via ${via(7)} dev em1 weight 20`,
      `nexthop via ${other[family].gateway} dev em2 weight 5`,
    ];
    await using _daemon = await Daemon.start(host);
    await assertNexthops(nexthops, [[1, 3], [7, 20]]);
    await assertNexthops(nexthops.slice(1), [[7, undefined]]);
    await assertNexthops([nexthops[0].replace("3", "4"), nexthops[1], nexthops[2]], [[1, 4], [7, 20]]);
    const { code, stdout } = await symrouted(host, ["--dry-run"]);
    assert.equal(code, 0, stdout);

    /** With these in main, em1's table has those of these gateways and weights, and em2's a plain route. */
    async function assertNexthops(main: string[], own: [last: number, weight?: number][]): Promise<void> {
      await host.ip(`${flag(family)} route replace default metric 10 ${main.join(" ")}`);
      await eventually(async () => {
        assert.deepEqual(
          await nexthopsOf(first.table),
          own.map(([last, weight]) =>
            `via ${via(last)} dev em1${weight === undefined ? "" : ` weight ${weight}`}`
          ),
        );
        assert.deepEqual(await nexthopsOf(other.table), [`via ${other[family].gateway} dev em2`]);
      });
    }

    async function nexthopsOf(table: number): Promise<string[]> {
      const text = await host.ip(`-oneline ${flag(family)} route show table ${table}`);
      const [route = ""] = lines(text).filter((line) => shown.test(line));
      return [...route.matchAll(/via \S+ dev \S+( weight \d+)?/g)].map(([words]) => words).sort();
    }
  },
);

for (const uplinks of [2, 3]) {
  scenarios(
    `400 connections under a multipath default over ${uplinks} uplinks are answered, each through its own`,
    async (world, family) => {
      const { host } = world;
      const nexthops = world.uplinks.map(({ device, number, ...sides }) =>
        `nexthop via ${sides[family].gateway} dev ${device} weight ${number}`
      );
      // Newer kernels choose the next hop by itself that has the source as its first address.
      await host.batch(
        world.uplinks.map(({ device, ...sides }) =>
          `address add ${second(sides[family])} dev ${device} noprefixroute${
            family === "IPv6" ? " nodad" : ""
          }`
        ),
      );
      // Not by addresses alone, which are few here, but by ports too.
      await host.sysctl({ "ipv4/fib_multipath_hash_policy": 1, "ipv6/fib_multipath_hash_policy": 1 });
      await host.ip(`${flag(family)} route add default metric 10 ${nexthops.join(" ")}`);
      const each = Math.ceil(400 / uplinks);
      const before = await connect(world, { family, count: each, milliseconds: 800 });
      assert.ok(
        before.every((greeted) => greeted < each),
        `the control must fail without symrouted: ${before}`,
      );
      await using _daemon = await Daemon.start(host);
      const all = world.uplinks.map(() => each);
      assert.deepEqual(await connect(world, { family, count: each, milliseconds: 5000 * patience }), all);
    },
    { uplinks },
  );
}

/** A second address of an uplink's, with its prefix length. */
function second({ address, length }: Side): string {
  return `${address}2/${length}`;
}

/** How many of that many connections to each uplink's address are greeted. */
async function connect(
  world: World,
  { family, count, milliseconds }: { family: Family; count: number; milliseconds: number },
): Promise<number[]> {
  await world.serve();
  const addresses = world.uplinks.map((uplink) => second(uplink[family]).split("/")[0]);
  const program = [Deno.execPath(), "run", "-A", "--no-config", script];
  return JSON.parse(await world.client.must([...program, `${count}`, `${milliseconds}`, ...addresses]));
}
