// --set-route-metric, for every metric that `ip route` knows: the table must read as if `ip route` had been
// given the same metric.

import assert from "node:assert/strict";
import { lines, routes } from "../lab/observe.ts";
import type { Family } from "../lab/addressing.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { once, symrouted } from "../lab/symrouted.ts";
import type { World } from "../lab/world.ts";

/** Every metric by its name in `ip route`, with a value for it in `ip route`'s own spelling. */
const metrics: Record<string, string> = {
  "mtu": "1400",
  "mtu=lock": "1400",
  "advmss": "1300",
  "hoplimit": "33",
  "initcwnd": "12",
  "initrwnd": "13",
  "window": "20000",
  "rtt": "100ms",
  "rttvar": "50ms",
  "rto_min": "300ms",
  "ssthresh": "20",
  "cwnd": "10",
  "reordering": "4",
  "features": "ecn",
  "quickack": "1",
  "congctl": "reno",
  "fastopen_no_cookie": "1",
};

for (const [name, value] of Object.entries(metrics)) {
  const option = name.includes("=") ? `${name} ${value}` : `${name}=${value}`;
  scenarios(`--set-route-metric ${option}`, async (world, family) => {
    await once(world.host, ["--set-route-metric", option]);
    const { table } = world.uplink(2);
    assert.deepEqual(
      await routes(world.host, table, family),
      await byIp(world, family, option.replace("=", " ")),
    );
  });
}

scenarios("several route metrics at once, on every mirrored route", async (world, family) => {
  await once(world.host, ["--set-route-metric", "initcwnd=20", "--set-route-metric", "mtu=1400"]);
  for (const { table } of world.uplinks) {
    const found = await routes(world.host, table, family);
    assert.ok(found.length >= 2);
    for (const route of found) assert.match(route, / mtu 1400 .*initcwnd 20|initcwnd 20 .*mtu 1400 /);
  }
});

scenarios(
  "a route metric is set over main's own value, and the others of main stay",
  async (world, family) => {
    const { device, metric, ...sides } = world.uplink(2);
    const { gateway } = sides[family];
    const route = `default via ${gateway} dev ${device} proto static metric ${metric}`;
    await world.host.ip(`route replace ${route} mtu 1300 initcwnd 30`);
    await once(world.host, ["--set-route-metric", "mtu=1400"]);
    const mirrored = (await routes(world.host, 1003, family)).find((line) => line.startsWith("default"));
    assert.match(mirrored ?? "", /mtu 1400 .*initcwnd 30/);
  },
);

scenarios("without the option main's route metrics are mirrored as they are", async (world, family) => {
  const { device, metric, ...sides } = world.uplink(2);
  const { gateway } = sides[family];
  await world.host.ip(
    `route replace default via ${gateway} dev ${device} proto static metric ${metric} ` +
      "mtu lock 1300 rto_min 300ms features ecn congctl reno quickack 1",
  );
  await once(world.host);
  const [inMain, mirrored] = await Promise.all(
    ["main", 1003].map((table) => routes(world.host, table, family)),
  );
  assert.deepEqual(defaults(mirrored), defaults(inMain));
  assert.equal(defaults(mirrored).length, 1);

  function defaults(found: string[]): string[] {
    return found.filter((line) => line.startsWith(`default via ${gateway} `));
  }
});

scenario("taking the option away takes the route metric away", async (world) => {
  await once(world.host);
  const before = await routes(world.host, 1003, "IPv4");
  await once(world.host, ["--set-route-metric", "initcwnd=20"]);
  assert.notDeepEqual(await routes(world.host, 1003, "IPv4"), before);
  await once(world.host);
  assert.deepEqual(await routes(world.host, 1003, "IPv4"), before);
});

scenario("a route metric with the same value again is no change", async (world) => {
  const args = ["--set-route-metric", "rto_min=300ms", "--set-route-metric", "features=ecn"];
  await once(world.host, args);
  assert.match(await once(world.host, args), /nothing to do/);
});

scenario("a congestion control that the kernel does not know is the kernel's to refuse", async (world) => {
  const { code, stderr } = await symrouted(world.host, ["--once", "--set-route-metric", "congctl=nonesuch"]);
  assert.equal(code, 1);
  assert.ok(lines(stderr).some((line) => /nonesuch/.test(line)), stderr);
});

/** What `ip route` makes of the uplink's routes with this metric, in a table of its own. */
async function byIp(world: World, family: Family, metric: string): Promise<string[]> {
  const { device } = world.uplink(2);
  const inMain = (await routes(world.host, "main", family)).filter((line) =>
    line.includes(` dev ${device} `)
  );
  const flag = family === "IPv4" ? "-4" : "-6";
  for (const route of inMain) await world.host.ip(`${flag} route add ${route} table 5000 ${metric}`);
  return routes(world.host, 5000, family);
}
