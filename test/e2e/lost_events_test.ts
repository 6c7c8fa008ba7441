// Notifications are lost while links, addresses, rules and routes change: what nobody told of is done all the same.

import assert from "node:assert/strict";
import { families, type Family, flag } from "../lab/addressing.ts";
import { faulty } from "../lab/faults.ts";
import { Flood } from "../lab/flood.ts";
import type { Namespace } from "../lab/netns.ts";
import { assertCured, assertMirrored, routes, sourceRules } from "../lab/observe.ts";
import { Pings } from "../lab/pings.ts";
import { eventually } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";
import { Daemon } from "../lab/symrouted.ts";
import { hostLines, type World } from "../lab/world.ts";

const lost = /notifications were lost \([1-9]\d* so far\): everything was read again/;
const patience = { within: 120_000, every: 100 };

scenario("addresses that went, came and moved untold have their rules", async (world) => {
  const { host } = world;
  await host.batch(["address add 10.0.0.77/16 dev em1", "address add 2001:db8:1::77/64 dev em1 nodad"]);
  await using daemon = await start(host);
  await using pings = await Pings.start(world);
  await deaf(daemon, host, () =>
    host.batch([
      "address delete 10.0.0.77/16 dev em1",
      "address delete 2001:db8:1::77/64 dev em1",
      "address add 192.168.0.77/24 dev em2",
      "address add 2001:db8:2::77/64 dev em2 nodad",
    ]));
  await eventually(() => assertRight(world), patience);
  await deaf(daemon, host, () =>
    host.batch([
      "address delete 192.168.0.77/24 dev em2",
      "address delete 2001:db8:2::77/64 dev em2",
      "address add 192.168.0.77/32 dev em1",
      "address add 2001:db8:2::77/128 dev em1 nodad",
    ]));
  await eventually(() => assertRight(world), patience);
  await pings.noneLost();
});

scenario("an interface that went untold, and its index came back as another's", async (world) => {
  const { host } = world;
  await using daemon = await start(host);
  await using pings = await Pings.start(world, { by: [1, 2] });
  await deaf(daemon, host, () => host.batch(["link delete em3", ...newcomer("em9", 4)]));
  Object.assign(world.uplink(3), { device: "em9" });
  await eventually(() => assertRight(world), patience);
  await deaf(daemon, host, () => host.batch(["link delete em9", ...newcomer("em10", 10)]));
  Object.assign(world.uplink(3), { device: "em10", table: 1010 });
  await eventually(() => assertRight(world), patience);
  for (const family of families) assert.deepEqual(await routes(host, 1004, family), []);
  await pings.noneLost();
}, { uplinks: 3 });

scenario("routes that vanished with a link, untold, are gone, and come back", async (world) => {
  const { host } = world;
  await using daemon = await start(host);
  await using pings = await Pings.start(world, { by: [1] });
  // The address of IPv4 outlives that, and its routes do not; the address of IPv6 goes as well.
  const [, default4, address6, default6] = hostLines(world.uplink(2));
  await deaf(daemon, host, () => host.batch(["link set em2 down", "link set em2 up", address6]));
  await eventually(() => assertRight(world), patience);
  assert.doesNotMatch((await routes(host, 1003, "IPv4")).join("\n"), /^default/m);
  await deaf(daemon, host, () => host.batch([default4, default6]));
  await eventually(() => assertRight(world), patience);
  for (const family of families) await assertCured(world, family);
  await pings.noneLost();
});

scenario("rules and routes of ours that were taken away untold come back", async (world) => {
  const { host } = world;
  await using daemon = await start(host);
  await deaf(daemon, host, async () => {
    await host.batch(["rule delete from 192.168.0.2", "route flush table 1002"]);
    await host.batch(["rule delete from 2001:db8:1::2", "route flush table 1003"], "IPv6");
  });
  await eventually(() => assertRight(world), patience);
  for (const family of families) await assertCured(world, family);
});

scenario("a role that changed untold is taken up", async (world) => {
  const { host } = world;
  await using daemon = await start(host);
  const rule = ["from 10.0.0.2 lookup 1002"];
  await deaf(daemon, host, async () => {
    await host.sysctl({ "ipv4/ip_forward": 1 });
    await host.ip("route delete default dev em2");
  });
  await eventually(async () => {
    assert.deepEqual(await sourceRules(host, "IPv4"), rule);
    assert.deepEqual(await routes(host, 1003, "IPv4"), []);
    assert.match((await routes(host, 1002, "IPv4")).join("\n"), /^192\.168\.0\.0\/24 dev em2 /m);
  }, patience);
  await deaf(daemon, host, () => host.sysctl({ "ipv4/ip_forward": 0 }));
  await eventually(() => assertRight(world), patience);
});

scenario("links and addresses change in the middle of a flood", async (world) => {
  const { host } = world;
  await using daemon = await start(host);
  await using pings = await Pings.start(world, { by: [1, 2] });
  const flood = new Flood(world, "IPv4", { by: [1, 2], count: 50_000 });
  let flooding = true;
  const flooded = flood.add().finally(() => flooding = false).then(() => flood.replace());
  const third = hostLines(world.uplink(3));
  for (let time = 0; flooding; time++) {
    const [old, young] = [time, time + 1].map((number) => [
      `10.0.1.${number % 200}/16 dev em1`,
      `2001:db8:2::${1000 + number}/64 dev em2`,
    ]);
    await host.batch(["link set em3 down", "link set em3 up", ...third.slice(time % 2 === 0 ? 1 : 2)]);
    await host.batch(young.map((address) => `address add ${address}`));
    if (time > 0) await host.batch(old.map((address) => `address delete ${address}`));
  }
  await flooded;
  await eventually(() => assertRight(world), patience);
  await daemon.line(lost, patience);
  await pings.noneLost();
}, { uplinks: 3 });

/** What makes a new uplink of that index. */
function newcomer(device: string, index: number): string[] {
  return [
    `link add name ${device} index ${index} type veth peer name peer${index} index ${100 + index}`,
    `link set ${device} up`,
    `link set peer${index} up`,
    `address add 172.30.${index}.2/24 dev ${device}`,
    `address add 2001:db8:30${index}::2/64 dev ${device} nodad`,
    `route add default via 172.30.${index}.1 dev ${device} metric 300`,
    `route add default via 2001:db8:30${index}::1 dev ${device} metric 300`,
  ];
}

/** A daemon whose socket for notifications holds 64 KiB: the kernel doubles the number. */
async function start(host: Namespace): Promise<Daemon> {
  return await Daemon.start(host, [], { env: await faulty({ receiveBuffer: 32 * 1024 }) });
}

/** The daemon's socket is full before anything happens, so that none of it is told of. */
async function deaf(daemon: Daemon, host: Namespace, meanwhile: () => Promise<void>): Promise<void> {
  const from = daemon.lines.length;
  daemon.process.signal("SIGSTOP");
  const fill = ["add", "delete"].map((command) => `route ${command} 198.18.0.0/15 dev lo table 77`);
  await host.batch(Array.from({ length: 1000 }, () => fill).flat());
  await meanwhile();
  daemon.process.signal("SIGCONT");
  await daemon.line(lost, { from, ...patience });
}

/** Asserts that the source rules are those of the host's addresses, and the tables those of its routes. */
async function assertRight(world: World): Promise<void> {
  for (const family of families) {
    assert.deepEqual(await sourceRules(world.host, family), await wantedRules(world.host, family));
  }
  await assertMirrored(world);
}

async function wantedRules(host: Namespace, family: Family): Promise<string[]> {
  const found = (await host.ip(`-o ${flag(family)} address show scope global`)).matchAll(
    /^(\d+): .* inet6? ([^/]+)/gm,
  );
  return [...found].map(([, ifindex, address]) => `from ${address} lookup ${1000 + Number(ifindex)}`).sort();
}
