// 64 uplinks with 4,096 addresses, plugged in at once and unplugged at once.

import assert from "node:assert/strict";
import { families, type Family, flag } from "../lab/addressing.ts";
import { batch, Namespace } from "../lab/netns.ts";
import { eventually } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { Daemon, once } from "../lab/symrouted.ts";

const UPLINKS = 64;
/** Of each uplink in each family. */
const ADDRESSES = 32;
/** As long as it takes, on a machine that is busy with other tests too. */
const PATIENCE = { within: 60_000 };

const numbers = Array.from({ length: UPLINKS }, (_, i) => i + 1);
const hosts = Array.from({ length: ADDRESSES }, (_, i) => i + 10);
const indexOf = (uplink: number) => 100 + uplink;

const words: Record<Family, { address: (uplink: number, host: number) => string; length: number }> = {
  IPv4: { address: (uplink, host) => `10.${uplink}.0.${host}`, length: 24 },
  IPv6: { address: (uplink, host) => `2001:db8:${uplink}::${host}`, length: 64 },
};

/** A host without its uplinks, and where their other ends are to be. */
class Sockets implements AsyncDisposable {
  private constructor(readonly host: Namespace, readonly beyond: Namespace) {}

  static async build(): Promise<Sockets> {
    const [host, beyond] = await Namespace.create(["host", "beyond"]);
    await host.sysctl({ "ipv6/conf/default/accept_dad": 0, "ipv6/conf/default/router_solicitations": 0 });
    await host.ip("link set lo up");
    return new Sockets(host, beyond);
  }

  async plug(): Promise<void> {
    const { host, beyond } = this;
    await batch(
      [],
      numbers.map((uplink) =>
        `link add name em${uplink} index ${indexOf(uplink)} netns ${host.name} ` +
        `type veth peer name far${uplink} netns ${beyond.name}`
      ),
    );
    await beyond.batch(numbers.map((uplink) => `link set far${uplink} group 7 up`));
    const lines = numbers.flatMap((uplink) => [
      `link set em${uplink} up`,
      ...families.flatMap((family) => {
        const { address, length } = words[family], nodad = family === "IPv6" ? " nodad" : "";
        return [
          ...hosts.map((number) =>
            `address add ${address(uplink, number)}/${length} dev em${uplink}${nodad}`
          ),
          `route add default via ${address(uplink, 1)} dev em${uplink} metric ${uplink}`,
        ];
      }),
    ]);
    await host.batch(lines);
    await eventually(async () => {
      const ready = (await host.ip("-6 route show fe80::/64")).match(/ dev em/g) ?? [];
      assert.equal(ready.length, UPLINKS, "links with a carrier");
    }, PATIENCE);
  }

  async unplug(): Promise<void> {
    await this.beyond.ip("link delete group 7");
  }

  /** By table, the sources that our rules lead to it; and how many routes it has. */
  async seen(family: Family): Promise<{ rules: Map<number, string[]>; routes: Map<number, number> }> {
    const rules = JSON.parse(await this.host.ip(`-json ${flag(family)} rule show`)) as Record<
      string,
      string
    >[];
    const ours = rules.filter(({ protocol }) => protocol === "115");
    const routes = JSON.parse(
      await this.host.ip(`-json ${flag(family)} route show table all`) || "[]",
    ) as { table?: string }[];
    const sources = Map.groupBy(ours, ({ table }) => Number(table));
    const tables = Map.groupBy(
      routes.filter(({ table }) => Number(table) > 1000),
      ({ table }) => Number(table),
    );
    return {
      rules: new Map(
        [...sources].map(([table, found]) => [
          table,
          found.map(({ src, srclen, iif }) => `${src}${srclen ? `/${srclen} ${iif}` : ""}`).sort(),
        ]),
      ),
      routes: new Map([...tables].map(([table, found]) => [table, found.length])),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [this.host, this.beyond]) await each[Symbol.asyncDispose]();
  }
}

/** That each uplink's table has its routes and the rules for these sources, and that there is nothing else of ours. */
async function assertPlugged(
  world: Sockets,
  sources: (family: Family, uplink: number) => string[],
): Promise<void> {
  for (const family of families) {
    const { rules, routes } = await world.seen(family);
    assert.equal(rules.size, UPLINKS, `${family}: ${rules.size} tables have rules`);
    for (const uplink of numbers) {
      const table = 1000 + indexOf(uplink);
      assert.deepEqual(rules.get(table), sources(family, uplink).sort());
      // The default, the network, and in IPv6 the link-local one.
      assert.equal(routes.get(table), family === "IPv4" ? 2 : 3, `${family}: table ${table}`);
    }
    assert.equal(routes.size, UPLINKS);
  }
}

async function assertNothing(world: Sockets): Promise<void> {
  for (const family of families) {
    const { rules, routes } = await world.seen(family);
    assert.deepEqual([rules.size, routes.size], [0, 0], family);
  }
}

const kinds: [args: string[], sources: (family: Family, uplink: number) => string[]][] = [
  [[], (family, uplink) => hosts.map((host) => words[family].address(uplink, host))],
  [["--rules", "per-prefix"], (family, uplink) => [
    family === "IPv4" ? `10.${uplink}.0.0/24 lo` : `2001:db8:${uplink}::/64 lo`,
  ]],
];
for (const [args, sources] of kinds) {
  isolatedTest(
    `${UPLINKS} uplinks with ${2 * UPLINKS * ADDRESSES} addresses come and go at once ${args.join(" ")}`,
    async () => {
      await using world = await Sockets.build();
      await using daemon = await Daemon.start(world.host, args);
      await world.plug();
      await eventually(() => assertPlugged(world, sources), PATIENCE);
      assert.match(await once(world.host, args), /nothing to do/);
      await world.unplug();
      await eventually(() => assertNothing(world), PATIENCE);
      assert.equal(await daemon.stop(), 0);
      await world.plug();
      await once(world.host, args);
      await assertPlugged(world, sources);
      await world.unplug();
      await once(world.host, args);
      await assertNothing(world);
    },
  );
}
