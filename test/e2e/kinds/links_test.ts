// Kinds of links that not every kernel has: vlans as uplinks, service addresses on a dummy, tunnels of every kind.

import assert from "node:assert/strict";
import { families } from "../../lab/addressing.ts";
import { Bystander } from "../../lab/bystander.ts";
import { assertMirrored, eventuallyMirrored } from "../../lab/expect.ts";
import {
  assertBroken,
  assertCured,
  lines,
  replyDevice,
  routes,
  sourceRules,
  state,
} from "../../lab/observe.ts";
import { others } from "../../lab/others.ts";
import { eventually } from "../../lab/process.ts";
import { scenario } from "../../lab/scenario.ts";
import { Daemon, symrouted } from "../../lab/symrouted.ts";
import { afterDownLines } from "../../lab/world.ts";

scenario("a vlan is an uplink, the link beneath it is none; both go down and come up", async (world) => {
  const { host } = world;
  const second = world.uplink(2);
  await assertBroken(world, "IPv4");
  await using daemon = await Daemon.start(host);
  await assertMirrored(host);
  for (const family of families) await assertCured(world, family);
  await using bystander = await Bystander.watch(world, world.uplink(1));
  for (const device of ["em2", "em2p"]) {
    await host.ip(`link set ${device} down`);
    await eventuallyMirrored(host);
    assert.deepEqual(await routes(host, second.table, "IPv4"), []);
    await host.batch([`link set ${device} up`, "link set em2 up", ...afterDownLines(second)]);
    await eventuallyMirrored(host);
    for (const family of families) await eventually(() => assertCured(world, family));
  }
  await bystander.assertUndisturbed();
  assert.equal(await daemon.stop(), 0);
  const theirs = await others(host);
  assert.equal((await symrouted(host, ["--flush"])).code, 0);
  assert.equal(await state(host), theirs);
}, { made: { 2: "vlan" }, kinds: ["vlan"] });

scenario("a service address on a dummy is main's, and its network is in every table", async (world) => {
  const { host } = world;
  await host.batch([
    "link add svc type dummy",
    "link set svc up",
    "address add 198.51.100.80/24 dev svc",
    "address add 2001:db8:f0::80/64 dev svc nodad",
  ]);
  const service = {
    IPv4: ["198.51.100.80", "198.51.100.0/24"],
    IPv6: ["2001:db8:f0::80", "2001:db8:f0::/64"],
  };
  const { stdout } = await symrouted(host, ["--dry-run"]);
  await using daemon = await Daemon.start(host);
  for (const family of families) {
    const [address, network] = service[family];
    const why = `# ${address} (svc): skipped: svc is inside: main decides for its addresses`;
    assert.ok(lines(stdout).includes(why), stdout);
    assert.equal((await sourceRules(host, family)).some((rule) => rule.includes(address)), false);
    for (const { table } of world.uplinks) {
      assert.match((await routes(host, table, family)).join("\n"), new RegExp(`^${network} dev svc `, "m"));
    }
    await assertCured(world, family);
  }
  const theirs = await others(host);
  assert.match(theirs, /^198\.51\.100\.0\/24 dev svc /m);
  assert.equal(await daemon.stop(), 0);
  assert.equal((await symrouted(host, ["--flush"])).code, 0);
  assert.equal(await state(host), theirs);

  await using _again = await Daemon.start(host);
  await host.ip("link delete svc");
  await eventuallyMirrored(host);
}, { kinds: ["dummy"] });

/** What makes one of each kind, in the form of `ip link add NAME`. */
const tunnels: Record<string, string> = {
  gre: "type gre local 10.0.0.2 remote 203.0.113.9",
  gretap: "type gretap local 10.0.0.2 remote 203.0.113.9",
  ipip: "type ipip local 10.0.0.2 remote 203.0.113.9",
  sit: "type sit local 10.0.0.2 remote 203.0.113.9",
  vti: "type vti local 10.0.0.2 remote 203.0.113.9 key 7",
  ip6tnl: "type ip6tnl mode any local 2001:db8:1::2 remote 2001:db8:c::9",
  ip6gre: "type ip6gre local 2001:db8:1::2 remote 2001:db8:c::9",
  ip6gretap: "type ip6gretap local 2001:db8:1::2 remote 2001:db8:c::9",
  vti6: "type vti6 local 2001:db8:1::2 remote 2001:db8:c::9 key 7",
  xfrm: "type xfrm dev em1 if_id 7",
  vxlan: "type vxlan id 7 dev em1 dstport 4789 remote 203.0.113.9",
  geneve: "type geneve id 7 remote 203.0.113.9",
  wireguard: "type wireguard",
};

scenario("tunnels of every kind are inside: their networks are in every table", async ({ host, uplinks }) => {
  const kinds = Object.keys(tunnels);
  await host.batch(kinds.flatMap((kind, number) => [
    `link add t-${kind} ${tunnels[kind]}`,
    `link set t-${kind} up`,
    `address add 172.31.${number}.1/24 dev t-${kind}`,
  ]));
  const { stdout } = await symrouted(host, ["--dry-run"]);
  for (const kind of kinds) {
    assert.ok(lines(stdout).includes(`# t-${kind} (IPv4): inside because it is a tunnel (${kind})`), kind);
  }
  await using _daemon = await Daemon.start(host);
  assert.equal((await sourceRules(host, "IPv4")).length, uplinks.length);
  for (const [number, kind] of kinds.entries()) {
    for (const uplink of uplinks) {
      assert.equal(await replyDevice(host, `172.31.${number}.9`, uplink.IPv4.address), `t-${kind}`);
    }
  }
}, { kinds: Object.keys(tunnels) });
