// What links take with them, in good part without a word: tables are exactly right after it, and what main has again
// is mirrored again.

import assert from "node:assert/strict";
import { families, type Family } from "../lab/addressing.ts";
import { Bystander } from "../lab/bystander.ts";
import { assertMirrored, eventuallyMirrored } from "../lab/expect.ts";
import { answers, assertCured, routes, sourceRules } from "../lab/observe.ts";
import { eventually, pause } from "../lab/process.ts";
import { words } from "../lab/netns.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { Daemon } from "../lab/symrouted.ts";
import { afterDownLines, hostLines, type Uplink, type World } from "../lab/world.ts";
import { Random, runSeed } from "../model/random.ts";

const seed = runSeed();
const three = { uplinks: 3 };

async function assertHealed(world: World, bystander: Bystander): Promise<void> {
  await eventuallyMirrored(world.host);
  for (const family of families) await assertCured(world, family);
  await bystander.assertUndisturbed();
  await assertMirrored(world.host);
}

/** Takes the uplink's address away; of IPv6 the default route stays, and another program takes it away. */
function addressGone(uplink: Uplink, family: Family): string[] {
  const { address, length } = uplink[family];
  const gone = [`address delete ${address}/${length} dev ${uplink.device}`];
  return family === "IPv4" ? gone : [...gone, `route delete default dev ${uplink.device}`];
}

scenarios("the last address goes and comes back ten times, without a pause", async (world, family) => {
  const second = world.uplink(2);
  await using _daemon = await Daemon.start(world.host);
  await using bystander = await Bystander.watch(world, world.uplink(1));
  const again = [...addressGone(second, family), ...hostLines(second, { families: [family] })];
  await world.host.batch(Array.from({ length: 10 }, () => again).flat(), family);
  await assertHealed(world, bystander);
});

scenarios(`the last address goes and another comes (SEED=${seed})`, async (world, family) => {
  const random = new Random(seed);
  const second = world.uplink(2);
  await using _daemon = await Daemon.start(world.host);
  await using bystander = await Bystander.watch(world, world.uplink(1));
  for (const last of [33, 34, 35]) {
    await world.host.batch(addressGone(second, family), family);
    await pause(random.int(100));
    second[family].address = second[family].address.replace(/\d+$/, String(last));
    await world.host.batch(hostLines(second, { families: [family] }));
    await pause(random.int(100));
  }
  await assertHealed(world, bystander);
});

scenarios(`many routes go with their link and some come back (SEED=${seed})`, async (world, family) => {
  const { host } = world;
  const random = new Random(seed);
  const [first, second] = world.uplinks;
  const gateways = [second[family].gateway, second[family].gateway.replace(/\d$/, "7")];
  const lost = Array.from({ length: 300 }, (_, number) => {
    const [via, metric] = [random.pick(gateways), 50 + random.int(3)];
    const destination = family === "IPv4"
      ? `198.${18 + (number >> 8)}.${number & 255}.0/24`
      : `2001:db8:${5000 + number}::/48`;
    return `${destination} via ${via} dev em2 metric ${metric}`;
  });
  const kept = lost.slice(0, 40).map((route) =>
    route.replace(/via .*/, `via ${first[family].gateway} dev em1 metric 40`)
  );
  const lines = [...lost, ...kept].map((route) => `route replace ${route}`);
  await host.batch(random.shuffled(lines));
  await using _daemon = await Daemon.start(host);
  await using bystander = await Bystander.watch(world, world.uplink(3));
  for (const share of [0, 50, 100]) {
    await host.ip("link set em2 down");
    if (random.chance(50)) await eventuallyMirrored(host);
    await host.batch(["link set em2 up", ...afterDownLines(second)]);
    await pause(random.int(100));
    await host.batch(random.some(lost, share).map((route) => `route replace ${route}`));
    await eventuallyMirrored(host);
  }
  assert.ok((await routes(host, second.table, family)).length > 250);
  await assertHealed(world, bystander);
}, three);

const withoutIPv6: [string, string[], string[]][] = [
  ["a small MTU", ["ip link set em2 mtu 1200"], ["ip link set em2 mtu 1500"]],
  ["disable_ipv6", ["sysctl -qw net.ipv6.conf.em2.disable_ipv6=1"], [
    "sysctl -qw net.ipv6.conf.em2.disable_ipv6=0",
  ]],
];
for (const [what, [take], [give]] of withoutIPv6) {
  scenario(`${what} takes IPv6 from an uplink, and it comes back`, async (world) => {
    const { host } = world;
    const second = world.uplink(2);
    await using _daemon = await Daemon.start(host);
    await using bystander = await Bystander.watch(world, world.uplink(1));
    for (let time = 0; time < 3; time++) {
      await host.must(words(take));
      await eventuallyMirrored(host);
      assert.deepEqual(await sourceRules(host, "IPv6"), ["from 2001:db8:1::2 lookup 1002"]);
      assert.equal(await answers(world, second.IPv4.address), true);
      await host.must(words(give));
      await host.batch(hostLines(second, { families: ["IPv6"] }));
      await eventuallyMirrored(host);
    }
    await assertHealed(world, bystander);
  });
}

scenario("while duplicate address detection runs, the network is not taken for one inside", async (world) => {
  const { host } = world;
  const second = world.uplink(2);
  await host.sysctl({ "ipv6/conf/em2/accept_dad": 1, "ipv6/conf/em2/dad_transmits": 1 });
  await using _daemon = await Daemon.start(host);
  await using bystander = await Bystander.watch(world, world.uplink(1));
  await host.ip("address add 2001:db8:2::2/64 dev em2 metric 106");
  assert.match(await host.ip("address show dev em2"), / tentative/);
  await eventually(async () => assert.doesNotMatch(await host.ip("address show dev em2"), / tentative/));
  await host.batch(hostLines(second, { families: ["IPv4"] }));
  await host.batch(hostLines(second, { families: ["IPv6"] }).slice(1));
  await assertHealed(world, bystander);
}, { bare: [2] });
