// The daemon follows main: default routes and gateways change, routes are added, changed and removed.

import assert from "node:assert/strict";
import { client, type Family, flag } from "../lab/addressing.ts";
import { assertCured, replyDevice, routes, state } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { Daemon } from "../lab/symrouted.ts";

const elsewhere: Record<Family, string> = { IPv4: "198.51.100.0/24", IPv6: "2001:db8:f0::/48" };

scenarios("a gateway changes", async (world, family) => {
  const { router, metric, ...sides } = world.uplink(2);
  const { gateway, length } = sides[family];
  const other = gateway.replace(/1$/, "9");
  await router.ip(`address add ${other}/${length} dev host`);
  await using _daemon = await Daemon.start(world.host);
  await world.host.batch([
    `route add default via ${other} dev em2 proto static metric ${metric + 10}`,
    `route delete default via ${gateway} dev em2 proto static metric ${metric}`,
  ]);
  await eventually(async () => {
    assert.deepEqual(gateways(await routes(world.host, 1003, family)), [other]);
  });
  await world.host.ip(`${flag(family)} route replace default via ${gateway} dev em2 metric ${metric + 10}`);
  await eventually(async () => {
    assert.deepEqual(gateways(await routes(world.host, 1003, family)), [gateway]);
  });
  await assertCured(world, family);
});

scenarios("a default route goes, and comes back", async (world, family) => {
  const { metric, ...sides } = world.uplink(2);
  const { gateway } = sides[family];
  await using _daemon = await Daemon.start(world.host);
  const before = await state(world.host);
  await world.host.ip(`${flag(family)} route delete default dev em2`);
  await eventually(async () => assert.deepEqual(gateways(await routes(world.host, 1003, family)), []));
  await world.host.ip(
    `${flag(family)} route add default via ${gateway} dev em2 proto static metric ${metric}`,
  );
  await eventually(async () => assert.equal(await state(world.host), before));
});

scenarios("the only default route comes late", async (world, family) => {
  const { metric, ...sides } = world.uplink(2);
  await world.host.ip(`${flag(family)} route delete default dev em1`);
  await world.host.ip(`${flag(family)} route delete default dev em2`);
  await using _daemon = await Daemon.start(world.host);
  await world.host.ip(`route add default via ${sides[family].gateway} dev em2 proto static metric ${metric}`);
  await eventually(async () => {
    assert.deepEqual(gateways(await routes(world.host, 1003, family)), [sides[family].gateway]);
  });
  assert.equal(await replyDevice(world.host, client[family], sides[family].address), "em2");
});

scenarios("a route is added to main, changed, and removed", async (world, family) => {
  const { gateway } = world.uplink(2)[family];
  const destination = elsewhere[family];
  const ip = (command: string) => world.host.ip(`${flag(family)} route ${command}`);
  await using _daemon = await Daemon.start(world.host);
  const before = await state(world.host);
  await ip(`add ${destination} via ${gateway} dev em2 metric 50`);
  await mirrored([`${destination} via ${gateway} dev em2 metric 50`]);
  await ip(`change ${destination} via ${gateway} dev em2 metric 50 mtu 1400`);
  await mirrored([`${destination} via ${gateway} dev em2 metric 50 mtu 1400`]);
  await ip(`add ${destination} dev em2 metric 60`);
  await mirrored([
    `${destination} dev em2 metric 60`,
    `${destination} via ${gateway} dev em2 metric 50 mtu 1400`,
  ]);
  await ip(`delete ${destination} metric 50`);
  await mirrored([`${destination} dev em2 metric 60`]);
  await ip(`delete ${destination} metric 60`);
  await eventually(async () => assert.equal(await state(world.host), before));

  /** The uplink's table has exactly these routes to the destination, and the other uplink's has none. */
  async function mirrored(expected: string[]): Promise<void> {
    await eventually(async () => assert.deepEqual(await to(destination, 1003), expected));
    assert.deepEqual(await to(destination, 1002), []);
  }

  async function to(prefix: string, table: number): Promise<string[]> {
    const found = (await routes(world.host, table, family)).filter((route) => route.startsWith(prefix));
    return found.map((route) => route.replace(/ (scope link|pref medium)/g, "").trimEnd());
  }
});

scenarios("a route moves from one uplink to the other", async (world, family) => {
  const destination = elsewhere[family];
  const [first, second] = world.uplinks;
  await world.host.ip(`route add ${destination} via ${first[family].gateway} dev em1 metric 50`);
  await using _daemon = await Daemon.start(world.host);
  assert.match((await routes(world.host, 1002, family)).join("\n"), new RegExp(`^${destination} `, "m"));
  await world.host.ip(`route replace ${destination} via ${second[family].gateway} dev em2 metric 50`);
  await eventually(async () => {
    assert.match((await routes(world.host, 1003, family)).join("\n"), new RegExp(`^${destination} `, "m"));
    assert.doesNotMatch(
      (await routes(world.host, 1002, family)).join("\n"),
      new RegExp(`^${destination} `, "m"),
    );
  });
});

scenarios("a multipath default route: each uplink has its own nexthops", async (world, family) => {
  const [first, second] = world.uplinks;
  await using _daemon = await Daemon.start(world.host);
  await world.host.ip(
    `${flag(family)} route add default metric 10 ` +
      `nexthop via ${first[family].gateway} dev em1 weight 1 nexthop via ${
        second[family].gateway
      } dev em2 weight 2`,
  );
  for (const { table, device, ...sides } of world.uplinks) {
    await eventually(async () => {
      const found = (await routes(world.host, table, family)).filter((route) =>
        / metric 10( |$)/.test(route)
      );
      assert.deepEqual(found.map((route) => route.replace(/ pref medium$/, "")), [
        `default via ${sides[family].gateway} dev ${device} metric 10`,
      ]);
    });
  }
  await assertCured(world, family);
});

scenario("a nexthop object goes, and the routes that lead by it", async (world) => {
  await world.host.batch([
    "nexthop add id 7 via 192.168.0.1 dev em2",
    "route add 198.51.100.0/24 nhid 7",
    "route add 2001:db8:f0::/48 via 2001:db8:2::1 dev em2",
  ]);
  await using _daemon = await Daemon.start(world.host);
  assert.match(
    (await routes(world.host, 1003, "IPv4")).join("\n"),
    /^198\.51\.100\.0\/24 via 192\.168\.0\.1 /m,
  );
  await world.host.ip("nexthop delete id 7");
  await eventually(async () => {
    assert.doesNotMatch((await routes(world.host, 1003, "IPv4")).join("\n"), /198\.51\.100/);
  });
});

scenarios("what another program deletes comes back", async (world, family) => {
  await using _daemon = await Daemon.start(world.host);
  const before = await state(world.host);
  const { address } = world.uplink(2)[family];
  await world.host.ip(`${flag(family)} rule delete from ${address}`);
  await eventually(async () => assert.equal(await state(world.host), before));
  await world.host.ip(`${flag(family)} route flush table 1003`);
  await eventually(async () => assert.equal(await state(world.host), before));
});

function gateways(found: string[]): string[] {
  return found.flatMap((route) => /^default via (\S+)/.exec(route)?.[1] ?? []);
}
