// The main job: every reply leaves by the interface its request came in on.

import assert from "node:assert/strict";
import { client, families } from "../lab/addressing.ts";
import { assertBroken, assertCured, replyDevice, routes, rules, sourceRules } from "../lab/observe.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { once } from "../lab/symrouted.ts";

scenarios("after --once both uplinks answer ping and TCP", async (world, family) => {
  await assertBroken(world, family);
  await once(world.host);
  await assertCured(world, family);
});

scenarios("four uplinks", async (world, family) => {
  await assertBroken(world, family);
  await once(world.host);
  await assertCured(world, family);
}, { uplinks: 4 });

for (const rpFilter of [1, 2] as const) {
  scenarios(`with rp_filter ${rpFilter}`, async (world, family) => {
    await assertBroken(world, family);
    await once(world.host);
    await assertCured(world, family);
  }, { rpFilter });
}

scenario("the example comes out exactly", async (world) => {
  await once(world.host);
  assert.deepEqual(await rules(world.host, "IPv4"), [
    "0: from all lookup local",
    "27200: from 10.0.0.2 lookup 1002 proto 115",
    "27200: from 192.168.0.2 lookup 1003 proto 115",
    "32766: from all lookup main",
    "32767: from all lookup default",
  ]);
  assert.deepEqual(await routes(world.host, 1002, "IPv4"), [
    "10.0.0.0/16 dev em1 proto kernel scope link src 10.0.0.2 metric 105",
    "default via 10.0.0.1 dev em1 proto static metric 105",
  ]);
  assert.deepEqual(await routes(world.host, 1003, "IPv4"), [
    "192.168.0.0/24 dev em2 proto kernel scope link src 192.168.0.2 metric 106",
    "default via 192.168.0.1 dev em2 proto static metric 106",
  ]);
});

scenario("the same in IPv6, with the link-local routes", async (world) => {
  await once(world.host);
  assert.deepEqual(await sourceRules(world.host, "IPv6"), [
    "from 2001:db8:1::2 lookup 1002",
    "from 2001:db8:2::2 lookup 1003",
  ]);
  for (const { number, device, table, metric } of world.uplinks) {
    assert.deepEqual(await routes(world.host, table, "IPv6"), [
      `2001:db8:${number}::/64 dev ${device} proto kernel metric ${metric} pref medium`,
      `default via 2001:db8:${number}::1 dev ${device} proto static metric ${metric} pref medium`,
      `fe80::/64 dev ${device} proto kernel metric 256 pref medium`,
    ]);
  }
});

scenario("`ip route get` names the right interface for every local address", async (world) => {
  const { host, uplinks } = world;
  await host.batch([
    "address add 10.0.7.7/16 dev em1",
    "address add 192.168.0.77/24 dev em2",
    "address add 172.31.0.5/32 dev em2",
    "address add 2001:db8:2::77/64 dev em2 nodad",
    "address add 2001:db8:2:1::5/128 dev em2 nodad",
  ]);
  await once(host);
  const found = await Promise.all(families.map(async (family) => {
    const flag = family === "IPv4" ? "-4" : "-6";
    const text = await host.ip(`${flag} -o address show scope global`);
    return [...text.matchAll(/^\d+: (\S+) +inet6? ([^/\s]+)/gm)].map(([, device, address]) => ({
      device,
      address,
      family,
    }));
  }));
  const local = found.flat();
  assert.equal(local.length, 2 * uplinks.length + 5);
  for (const { device, address, family } of local) {
    assert.equal(await replyDevice(host, client[family], address), device, address);
  }
});

scenarios("a reply to a neighbour on the uplink's own network stays on the link", async (world, family) => {
  const { device, router, ...uplink } = world.uplink(2);
  const { address, gateway, length } = uplink[family];
  const neighbour = gateway.replace(/1$/, "99");
  await router.ip(`address add ${neighbour}/${length} dev host`);
  await once(world.host);
  const answer = await world.host.ip(`route get ${neighbour} from ${address}`);
  assert.match(answer, new RegExp(` dev ${device} `));
  assert.doesNotMatch(answer, / via /);
});
