// What an interface is decides what becomes of its routes: inside, stub, or uplink; and bans hold for everyone.

import assert from "node:assert/strict";
import { client, type Family, flag } from "../lab/addressing.ts";
import { assertCured, lines, replyDevice, routes, sourceRules } from "../lab/observe.ts";
import { lacksTun, scenario, scenarios } from "../lab/scenario.ts";
import { once, symrouted } from "../lab/symrouted.ts";
import type { World } from "../lab/world.ts";

/** A network of the host's own, where no default route leads. */
const own: Record<Family, { host: string; guest: string; length: number }> = {
  IPv4: { host: "172.17.0.1", guest: "172.17.0.2", length: 16 },
  IPv6: { host: "2001:db8:d0::1", guest: "2001:db8:d0::2", length: 64 },
};

scenarios("where forwarding is on, a LAN is inside and its route is shared", async (world, family) => {
  await addLan(world, family);
  await world.host.sysctl({ "ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1 });
  await once(world.host);
  for (const uplink of world.uplinks) {
    assert.equal(await replyDevice(world.host, own[family].guest, uplink[family].address), "lan");
  }
  assert.ok(!(await sourceRules(world.host, family)).some((rule) => rule.includes(own[family].host)));
  await assertCured(world, family);
});

scenarios("where forwarding is off, a network without a way out is a stub", async (world, family) => {
  await addLan(world, family);
  await once(world.host);
  const [rule] = (await sourceRules(world.host, family)).filter((rule) => rule.includes(own[family].host));
  assert.match(rule ?? "", / lookup \d+$/);
  assert.match((await routes(world.host, rule.split(" ").at(-1)!, family)).join("\n"), /dev lan /);
  for (const { table } of world.uplinks) {
    assert.doesNotMatch((await routes(world.host, table, family)).join("\n"), /dev lan /);
  }
});

scenarios("--role decides otherwise", async (world, family) => {
  await addLan(world, family);
  const { address } = world.uplink(1)[family];
  await once(world.host, ["--role", "lan=inside"]);
  assert.equal(await replyDevice(world.host, own[family].guest, address), "lan");
  assert.equal((await sourceRules(world.host, family)).length, 2);
  await once(world.host, ["--role", "lan=uplink"]);
  assert.equal((await sourceRules(world.host, family)).length, 3);
  await once(world.host, ["--role", "em2=inside", "--role", "lan=stub"]);
  assert.deepEqual(
    (await sourceRules(world.host, family)).filter((rule) => rule.endsWith("1003")),
    [],
  );
});

scenarios("a tunnel that takes over the world gets no replies of the uplinks", async (world, family) => {
  const { host } = world;
  const halves = family === "IPv4" ? ["0.0.0.0/1", "128.0.0.0/1"] : ["2000::/3"];
  await host.batch([
    "tuntap add tun0 mode tun",
    "link set tun0 up",
    `address add ${own[family].host}/${own[family].length} dev tun0`,
    ...halves.map((half) => `route add ${half} dev tun0`),
  ]);
  await once(host);
  for (const { device, ...sides } of world.uplinks) {
    assert.equal(await replyDevice(host, client[family], sides[family].address), device);
  }
}, { skip: await lacksTun() });

scenarios("a ban in main holds for every source", async (world, family) => {
  const destination = family === "IPv4" ? "198.51.100.0/24" : "2001:db8:f0::/48";
  for (const type of ["blackhole", "unreachable", "prohibit"]) {
    await world.host.ip(`route add ${type} ${destination}`);
    await once(world.host);
    const target = destination.replace(/0?\/\d+$/, "1");
    for (const uplink of world.uplinks) {
      assert.equal(await replyDevice(world.host, target, uplink[family].address), undefined, type);
    }
    await world.host.ip(`${flag(family)} route delete ${type} ${destination}`);
  }
});

scenarios("what pierces a ban in main pierces it for every source", async (world, family) => {
  const [wide, narrow, target] = family === "IPv4"
    ? ["198.51.0.0/16", "198.51.100.0/24", "198.51.100.1"]
    : ["2001:db8:f0::/44", "2001:db8:f1::/48", "2001:db8:f1::1"];
  const [first, second] = world.uplinks;
  await world.host.batch([
    `route add unreachable ${wide}`,
    `route add ${narrow} via ${first[family].gateway} dev em1`,
  ]);
  await once(world.host);
  assert.equal(await replyDevice(world.host, target, first[family].address), "em1");
  assert.equal(await replyDevice(world.host, target, second[family].address), "em1");
  assert.match((await routes(world.host, 1003, family)).join("\n"), new RegExp(`^throw ${narrow}`, "m"));
});

scenarios("an address on lo has no rule", async ({ host }, family) => {
  await host.ip(`address add ${family === "IPv4" ? "198.51.100.1/32" : "2001:db8:f0::1/128"} dev lo`);
  await once(host);
  assert.equal((await sourceRules(host, family)).length, 2);
});

scenarios("a local route on an uplink (AnyIP) counts as its address", async ({ host }, family) => {
  const address = family === "IPv4" ? "198.51.100.80" : "2001:db8:f0::80";
  await host.ip(`${flag(family)} route add local ${address} dev em2 table local`);
  await once(host);
  assert.ok((await sourceRules(host, family)).includes(`from ${address} lookup 1003`));
});

scenario("an address on two interfaces is skipped, with its reason", async ({ host }) => {
  await host.ip("address add 10.0.0.2/16 dev em2 noprefixroute");
  const { stdout } = await symrouted(host, ["--dry-run"]);
  const reasons = lines(stdout).filter((line) => line.startsWith("#") && line.includes("10.0.0.2"));
  assert.equal(reasons.length > 0, true, stdout);
  await once(host);
  assert.deepEqual(await sourceRules(host, "IPv4"), ["from 192.168.0.2 lookup 1003"]);
});

/** A network that no default route leads to, on an ordinary interface. */
async function addLan(world: World, family: Family): Promise<void> {
  const { host, length } = own[family];
  const { router } = world.uplink(2);
  await world.host.batch([
    `link add lan type veth peer name lan netns ${router.name}`,
    "link set lan up",
    `address add ${host}/${length} dev lan`,
  ]);
  await router.ip("link set lan up");
}
