// Where replies go that no default is about: to neighbours on the link, and by routes that end by themselves.

import assert from "node:assert/strict";
import { Namespace } from "../../lab/netns.ts";
import { assertCured, routes } from "../../lab/observe.ts";
import { eventually } from "../../lab/process.ts";
import { scenario } from "../../lab/scenario.ts";
import { Daemon, once, symrouted } from "../../lab/symrouted.ts";
import type { World } from "../../lab/world.ts";

scenario(
  "IPv6: a global address answers a neighbour on the link that has a link-local one alone",
  async (world) => {
    const { host, uplinks } = world;
    await using neighbour = await neighbourOf(world, 2);
    const { address } = world.uplink(2).IPv6;
    assert.equal(await pings(neighbour, address), true, "before");
    await once(host);
    assert.equal(await pings(neighbour, address), true);
    for (const { table, device } of uplinks) {
      const own = (await routes(host, table, "IPv6")).filter((route) => route.startsWith("fe80::/"));
      assert.deepEqual(own, [`fe80::/64 dev ${device} proto kernel metric 256 pref medium`]);
    }
    // That is what keeps the answer from the gateway.
    await host.ip("-6 route delete fe80::/64 dev em2 table 1003");
    assert.equal(await pings(neighbour, address), false, "without the table's own fe80::/64");
  },
  { kinds: ["macvlan"] },
);

scenario("IPv6: the mirror of a route that expires goes when main's goes", async (world) => {
  const { host } = world;
  await host.sysctl({ "ipv6/route/gc_interval": 1 });
  await using daemon = await Daemon.start(host);
  const before = await routes(host, 1003, "IPv6");
  await host.ip("-6 route add 2001:db8:f0::/48 via 2001:db8:2::1 dev em2 expires 1");
  await eventually(async () => {
    const [main, mirror] = await Promise.all(["main", 1003].map((table) => routes(host, table, "IPv6")));
    assert.ok(main.some((route) => /^2001:db8:f0::\/48 .* expires /.test(route)));
    assert.ok(mirror.includes("2001:db8:f0::/48 via 2001:db8:2::1 dev em2 metric 1024 pref medium"));
  });
  await eventually(async () => assert.deepEqual(await routes(host, 1003, "IPv6"), before), {
    within: 10_000,
  });
  assert.doesNotMatch((await routes(host, "main", "IPv6")).join(), /2001:db8:f0:/);
  assert.equal(await daemon.stop(), 0);
  const { code, stdout } = await symrouted(host, ["--dry-run"]);
  assert.equal(code, 0, stdout);
  await assertCured(world, "IPv6");
});

/** One more host on the link of an uplink, which has no address but its link-local one. */
async function neighbourOf(world: World, number: number): Promise<Namespace> {
  const [neighbour] = await Namespace.create(["neighbour"]);
  await neighbour.sysctl({ "ipv6/conf/default/accept_dad": 0 });
  await world.uplink(number).router.batch([
    `link add link host name lan netns ${neighbour.name} type macvlan mode bridge`,
  ]);
  await neighbour.batch(["link set lan up", "route add 2001:db8::/32 dev lan"]);
  await eventually(async () =>
    assert.match(await neighbour.ip("-6 address show dev lan scope link -tentative"), /fe80:/)
  );
  return neighbour;
}

async function pings(from: Namespace, address: string): Promise<boolean> {
  return (await from.run(["ping", "-n", "-c1", "-W1", "-I", "lan", address])).code === 0;
}
