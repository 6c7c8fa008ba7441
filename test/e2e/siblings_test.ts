// Next hops that come and go one by one.

import assert from "node:assert/strict";
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
