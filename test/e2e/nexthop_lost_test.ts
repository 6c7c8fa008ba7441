// Next hops that links take with them: those of multipath routes, which come back untold, and those of next hop objects,
// which go untold.

import assert from "node:assert/strict";
import { families, type Family } from "../lab/addressing.ts";
import { Bystander } from "../lab/bystander.ts";
import { eventuallyMirrored } from "../lab/expect.ts";
import { assertCured, routes } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { Daemon } from "../lab/symrouted.ts";
import { afterDownLines, type Uplink } from "../lab/world.ts";

/** Destinations behind a next hop object, and behind a group of them. */
const behind: Record<Family, { one: string; group: string }> = {
  IPv4: { one: "198.51.100.0/24", group: "198.51.101.0/24" },
  IPv6: { one: "2001:db8:f0::/48", group: "2001:db8:f1::/48" },
};

scenarios(
  "of a multipath default the next hop of a link that was down is mirrored again",
  async (world, family) => {
    const { host } = world;
    const pair = world.uplinks.slice(0, 2);
    const nexthops = pair.map((uplink) => `nexthop via ${uplink[family].gateway} dev ${uplink.device}`);
    await using daemon = await Daemon.start(host);
    await host.batch([`route add default metric 10 ${nexthops.join(" ")}`], family);
    await eventually(() => assertOwnNexthops(pair));
    await using bystander = await Bystander.watch(world, world.uplink(3));
    for (const uplink of [...pair, ...pair]) {
      await host.ip(`link set ${uplink.device} down`);
      await eventually(() => assertOwnNexthops(pair.filter((other) => other !== uplink)));
      await host.ip(`link set ${uplink.device} up`);
      // Nobody tells that the next hop is alive again; IPv6 wants its address too.
      await host.batch(afterDownLines(uplink));
      await eventually(() => assertOwnNexthops(pair));
    }
    await host.batch(["route delete default metric 10"], family);
    await eventuallyMirrored(host);
    for (const each of families) await assertCured(world, each);
    await bystander.assertUndisturbed();
    assert.doesNotMatch(daemon.lines.join("\n"), /refused|unreachable/, "what the kernel would refuse");

    async function assertOwnNexthops(uplinks: readonly Uplink[]): Promise<void> {
      for (const { device, table, ...sides } of uplinks) {
        const text = (await routes(host, table, family)).join("\n");
        assert.match(
          text,
          new RegExp(`^default via ${sides[family].gateway} dev ${device} metric 10\\b`, "m"),
        );
      }
    }
  },
  { uplinks: 3 },
);

const takers: Record<string, { take: string; give: string }> = {
  "a link that goes down": { take: "em2 down", give: "em2 up" },
  "lost carrier": { take: "host down", give: "host up" },
};
const cases = Object.entries(takers).flatMap(([what, taker]) => [
  { what, ...taker, compat: 1 },
  { what: `${what}, where routes tell only the numbers of their objects,`, ...taker, compat: 0 },
]);
for (const { what, take, give, compat } of cases) {
  scenario(
    `${what} takes next hop objects, and with them routes and next hops of which nobody tells`,
    async (world) => {
      const { host } = world;
      const { router } = world.uplink(2);
      const owner = take.startsWith("em2") ? host : router;
      await router.sysctl({ "ipv6/conf/host/keep_addr_on_down": 1 });
      await host.sysctl({ "ipv4/nexthop_compat_mode": compat });
      await using _daemon = await Daemon.start(host);
      const objects = families.flatMap((family, which) => {
        const ids = [1, 2, 3].map((id) => 10 * which + id);
        return [
          ...[1, 2].map((n) =>
            `nexthop add id ${ids[n - 1]} via ${world.uplink(n)[family].gateway} dev em${n}`
          ),
          `nexthop add id ${ids[2]} group ${ids[0]}/${ids[1]}`,
          `route add ${behind[family].one} nhid ${ids[1]}`,
          `route add ${behind[family].group} nhid ${ids[2]}`,
        ];
      });
      await host.batch(objects);
      await eventually(() => assertBehind([["group"], ["one", "group"]]));
      await using bystander = await Bystander.watch(world, world.uplink(1));
      await owner.ip(`link set ${take}`);
      await eventually(() => assertBehind([["group"], []]));
      await owner.ip(`link set ${give}`);
      if (owner === host) await host.batch(afterDownLines(world.uplink(2)));
      await eventually(async () => assert.doesNotMatch(await host.ip("link show em2"), /NO-CARRIER/));
      await eventually(() => assertBehind([["group"], []]));
      for (const family of families) await host.batch([`route delete ${behind[family].group}`], family);
      await eventuallyMirrored(host);
      await bystander.assertUndisturbed({
        but: new RegExp(families.map((family) => behind[family].group).join("|")),
      });

      /** The table of each uplink has these routes of those behind next hop objects, and no others. */
      async function assertBehind(expected: (keyof typeof behind["IPv4"])[][]): Promise<void> {
        for (const [which, names] of expected.entries()) {
          const { device, table, ...sides } = world.uplink(which + 1);
          for (const family of families) {
            const found = (await routes(host, table, family)).flatMap((route) =>
              Object.values(behind[family]).some((prefix) => route.startsWith(prefix))
                ? route.split(" ").slice(0, 5).join(" ")
                : []
            );
            const wanted = names.map((name) =>
              `${behind[family][name]} via ${sides[family].gateway} dev ${device}`
            );
            assert.deepEqual(found.sort(), wanted.sort());
          }
        }
      }
    },
  );
}
