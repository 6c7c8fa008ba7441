// Next hops that come and go one by one.

import assert from "node:assert/strict";
import { Random } from "../model/random.ts";
import type { Namespace } from "../lab/netns.ts";
import { routes } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";
import { Daemon, symrouted } from "../lab/symrouted.ts";

scenario("IPv6: siblings that come one by one are what a start finds right", async ({ host }) => {
  const daemon = await Daemon.start(host);
  await host.ip("route add 2001:db8:16::/48 via 2001:db8:1::1");
  for (const last of [3, 9, 5]) await host.ip(`route append 2001:db8:16::/48 via 2001:db8:1::${last}`);
  await host.ip("route delete 2001:db8:16::/48 via 2001:db8:1::9");
  await eventually(async () => {
    const text = (await routes(host, 1002, "IPv6")).join("\n");
    for (const last of [1, 3, 5]) assert.match(text, new RegExp(`via 2001:db8:1::${last} dev em1`));
    assert.doesNotMatch(text, /via 2001:db8:1::9/);
  });
  await daemon.stop();
  const { code, stdout } = await symrouted(host, ["--dry-run"]);
  assert.equal(code, 0, stdout);
});

/** The same gateways on both uplinks, as routers have them, and some that only one has. */
const siblings = ["fe80::1", "fe80::9"].flatMap((
  gateway,
) => [`via ${gateway} dev em1`, `via ${gateway} dev em2`])
  .concat("via 2001:db8:1::5 dev em1", "via 2001:db8:2::5 dev em2");

for (const seed of [1, 2, 3, 4]) {
  scenario(`IPv6: siblings come and go one by one in any order (seed ${seed})`, async ({ host }) => {
    const random = new Random(seed);
    const daemon = await Daemon.start(host);
    const there = new Set<string>();
    for (let step = 0; step < 30; step++) {
      const sibling = random.pick(siblings);
      const op = there.delete(sibling) ? "delete" : "append";
      if (op === "append") there.add(sibling);
      await host.ip(`route ${op} 2001:db8:16::/48 ${sibling}`);
      // Now and then several are heard of at once.
      if (random.chance(60)) await eventually(() => assertSiblings(host, there));
    }
    await eventually(() => assertSiblings(host, there));
    await daemon.stop();
    const { code, stdout } = await symrouted(host, ["--dry-run"]);
    assert.equal(code, 0, stdout);
  });
}

/** Each uplink's table has those siblings that leave by it, and no others. */
async function assertSiblings(host: Namespace, there: ReadonlySet<string>): Promise<void> {
  for (const [device, table] of [["em1", 1002], ["em2", 1003]] as const) {
    const text = await host.ip(`-6 -oneline route show table ${table} 2001:db8:16::/48`);
    const found = [...text.matchAll(/via \S+ dev \S+/g)].map(([words]) => words);
    const own = [...there].filter((one) => one.endsWith(` ${device}`));
    assert.deepEqual(found.sort(), own.sort(), `by ${device}`);
  }
}

scenario("IPv6: a next hop object that goes takes its routes from the tables", async ({ host }) => {
  await using _daemon = await Daemon.start(host);
  await host.ip("nexthop add id 6 via 2001:db8:1::1 dev em1");
  await host.ip("nexthop add id 7 via 2001:db8:2::1 dev em2");
  await host.ip("nexthop add id 11 group 6/7");
  await host.ip("-6 route add 2001:db8:21::/48 nhid 11");
  const mirrored = async (table: number) =>
    /2001:db8:21::\/48/.test((await routes(host, table, "IPv6")).join("\n"));
  await eventually(async () => assert.ok(await mirrored(1002) && await mirrored(1003)));
  await host.ip("nexthop delete id 7");
  await eventually(async () => assert.ok(!await mirrored(1003)));
  assert.ok(await mirrored(1002));
  await host.ip("-6 route delete 2001:db8:21::/48");
  await eventually(async () => assert.ok(!await mirrored(1002)));
});
