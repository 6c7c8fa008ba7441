// `--isolate`, seen from outside: nothing of the data network's leaves by the management uplink, and all else goes on.

import assert from "node:assert/strict";
import { client, families, type Family } from "../lab/addressing.ts";
import { hold, holdAll, isAlive } from "../lab/held.ts";
import { Monitor } from "../lab/monitor.ts";
import { answers, CONNECT, routes, rules, sourceRules, state } from "../lab/observe.ts";
import { ownChanges } from "../lab/ours.ts";
import { Pings } from "../lab/pings.ts";
import { eventually } from "../lab/process.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { addBehind, behind, leaks, ownWay, reaches, separate } from "../lab/separated.ts";
import { assertAllRight } from "../lab/steps.ts";
import { Daemon, once, symrouted } from "../lab/symrouted.ts";
import type { World } from "../lab/world.ts";

/** As `ip route show table N` prints it. */
const closing: Record<Family, string> = {
  IPv4: "unreachable default proto 115 metric 4294967295",
  IPv6: "unreachable default dev lo proto 115 metric 4294967295 pref medium",
};

/** Which of the tables 1002 and 1003 are closed. */
async function closed(world: World, family: Family): Promise<number[]> {
  const tables = world.uplinks.map(({ table }) => table);
  const found = await Promise.all(tables.map((table) => routes(world.host, table, family)));
  return tables.filter((_, i) => found[i].includes(closing[family]));
}

scenarios("the data network's replies leave by the management uplink without it, and do not with it", async (
  world,
  family,
) => {
  await separate(world);
  assert.equal(await leaks(world, family), true, "without symrouted");
  await once(world.host);
  assert.equal(await leaks(world, family), true, "without --isolate");
  await once(world.host, ["--isolate"]);
  assert.equal(await leaks(world, family), false, "with --isolate");
  const [management, data] = world.uplinks;
  assert.equal(await answers(world, management[family].address), true, "management");
  assert.equal(await reaches(data.router, data[family].address), true, "a neighbour in the data network");
  assert.deepEqual(await closed(world, family), [1002, 1003]);
  await ownWay(world, { family, verb: "add" });
  await once(world.host, ["--isolate"]);
  assert.equal(await answers(world, data[family].address), true, "by its own way");
  await ownWay(world, { family, verb: "del" });
  await once(world.host, ["--isolate"]);
  assert.equal(await leaks(world, family), false, "its own way has gone");
  await once(world.host);
  assert.equal(await leaks(world, family), true, "without --isolate again");
});

scenarios("containers, loopback and what the host starts go on", async (world, family) => {
  await separate(world);
  await using container = await addBehind(world, "br0");
  const addresses = world.uplinks.map((uplink) => uplink[family].address);
  const service = world.client.spawn([Deno.execPath(), "run", "-A", "--no-config", servicePath]);
  await service.line(/listening/);
  await once(world.host, ["--isolate"]);
  assert.equal(await leaks(world, family), false);
  for (const address of addresses) {
    assert.equal(await reaches(container, address), true, `a container asks ${address}`);
    assert.equal(await reaches(world.host, behind.br0[family].guest, address), true, `${address} asks it`);
    assert.equal(await reaches(world.host, address), true, `the host asks its own ${address}`);
  }
  assert.equal(await reaches(world.host, family === "IPv4" ? "127.0.0.1" : "::1"), true, "loopback");
  assert.equal(await reaches(world.host, client[family]), true, "an echo request of the host's");
  const tcp = ["timeout", "5", "bash", "-c", CONNECT, "bash", client[family]];
  assert.equal((await world.host.run(tcp)).code, 0, "a connection of the host's");
  for (const uplink of world.uplinks) {
    assert.equal(await reaches(world.host, uplink[family].gateway), true, `${uplink.device}'s router`);
  }
  assert.equal(await reaches(world.host, client[family], addresses[0]), true, "from the management address");
  assert.equal(await reaches(world.host, client[family], addresses[1]), false, "from the data address");
});

const servicePath = new URL("../lab/service.ts", import.meta.url).pathname;

scenarios("a LAN behind the host goes on where --role calls it inside", async (world, family) => {
  await separate(world);
  await using lan = await addBehind(world, "lan");
  await world.host.sysctl({ "ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1 });
  const addresses = [behind.lan[family].host, ...world.uplinks.map((uplink) => uplink[family].address)];
  const reached = () => Promise.all(addresses.map((address) => reaches(lan, address)));
  await once(world.host);
  assert.deepEqual(await reached(), [true, true, true], "without --isolate");
  await once(world.host, ["--isolate"]);
  assert.deepEqual(await reached(), [true, false, false], "it leads out like any other");
  await once(world.host, ["--isolate", "--role", "lan=inside"]);
  assert.deepEqual(await reached(), [true, true, true], "with --role");
  assert.equal(await leaks(world, family), false);
});

scenario("a daemon closes and opens with the option, and writes nothing else", async (world) => {
  const { host } = world;
  await separate(world);
  await using daemon = await Daemon.start(host);
  const before = await state(host);
  await using pings = await Pings.start(world, { by: [1] });
  await holdAll(host);
  const held = await Promise.all(
    families.map((family) => hold(world.client, world.uplink(2)[family].address)),
  );
  for (const one of held) assert.equal(await isAlive(one), true, "an established connection");
  await using monitor = await Monitor.start(host);
  const all = families.flatMap((family) => world.uplinks.map(({ table }) => inTable(table, family))).sort();
  for (let round = 0; round < 3; round++) {
    const from = monitor.position;
    await reload(host, { daemon, args: ["--isolate"], times: 2 * round + 2 });
    assert.deepEqual((await ownChanges(monitor, { from })).filter(isRoute).sort(), all);
    for (const family of families) assert.equal(await leaks(world, family), false, `${round}, closed`);
    if (round === 0) { for (const one of held) assert.equal(await isAlive(one), false, "that one is cut"); }
    const then = monitor.position;
    await reload(host, { daemon, args: [], times: 2 * round + 3 });
    assert.deepEqual((await ownChanges(monitor, { from: then })).sort(), all.map((one) => `Deleted ${one}`));
    assert.equal(await state(host), before);
    for (const family of families) assert.equal(await leaks(world, family), true, `${round}, open`);
  }
  assert.ok(await pings.noneLost() > 100);
});

/** A rule of IPv6 comes and goes, so that sockets ask for their way anew. */
function isRoute(line: string): boolean {
  return !/\bfrom 2001:db8:2::2 lookup 1003 proto 115$/.test(line);
}

/** As `ip monitor` tells of it. */
function inTable(table: number, family: Family): string {
  return closing[family].replace(" proto", ` table ${table} proto`);
}

async function reload(
  host: World["host"],
  { daemon, args, times }: { daemon: Daemon; args: string[]; times: number },
): Promise<void> {
  const { code, stderr } = await symrouted(host, ["--reload", ...args]);
  assert.deepEqual([code, stderr], [0, ""]);
  const readies = () => daemon.lines.filter((line) => line.startsWith("symrouted: ready: ")).length;
  await eventually(() => assert.equal(readies(), times), { within: 20_000 });
}

scenarios("a daemon keeps tables closed whatever comes and goes", async (world, family) => {
  const { host } = world, { address, length } = world.uplink(2)[family];
  await separate(world);
  await using _daemon = await Daemon.start(host, ["--isolate"]);
  const settled = () => eventually(() => assertAllRight(host, ["--isolate"]), { within: 10_000 });
  const flag = family === "IPv4" ? "-4" : "-6";
  await host.ip(
    `${flag} route del ${closing[family].replace(" dev lo", "").replace(" pref medium", "")} table 1003`,
  );
  await settled();
  assert.deepEqual(await closed(world, family), [1002, 1003], "another program opens it");
  await ownWay(world, { family, verb: "add" });
  await settled();
  assert.equal(await answers(world, address), true);
  await host.ip("link set em2 down");
  await settled();
  await host.ip("link set em2 up");
  if (family === "IPv6") await host.ip(`address replace ${address}/${length} dev em2 nodad`);
  await settled();
  assert.deepEqual(await closed(world, family), [1002, 1003], "down and up");
  assert.equal(await leaks(world, family), false, "its own way has gone with the link");
  await host.ip(`address del ${address}/${length} dev em2`);
  await settled();
  assert.deepEqual(await routes(host, 1003, family), [], "without an address it has no table");
});

scenario("an interface with addresses of one family alone is closed in that one", async (world) => {
  const { host } = world, { address, length } = world.uplink(2).IPv6;
  await separate(world);
  await host.ip(`address del ${address}/${length} dev em2`);
  await once(host, ["--isolate"]);
  assert.deepEqual(await closed(world, "IPv4"), [1002, 1003]);
  assert.deepEqual(await closed(world, "IPv6"), [1002]);
  assert.equal((await sourceRules(host, "IPv6")).length, 1);
});

scenarios(
  "main's own unreachable default, and a default of the last metric, stay what they are",
  async (world, family) => {
    const { host } = world, { address, gateway } = world.uplink(2)[family];
    await separate(world);
    const own = `${family === "IPv4" ? "-4" : "-6"} route add`;
    await host.ip(`${own} unreachable default metric 4294967295`);
    await once(host, ["--isolate"]);
    assert.equal(await leaks(world, family), false);
    await assertAllRight(host, ["--isolate"]);
    await host.ip(`${own.replace("add", "del")} unreachable default metric 4294967295`);
    await host.ip(`${own} default via ${gateway} dev em2 metric 4294967295`);
    await once(host, ["--isolate"]);
    assert.equal(await answers(world, address), true, "by its own default");
    await assertAllRight(host, ["--isolate"]);
    const main = (await rules(host, family)).length;
    await host.ip(`${own.replace("add", "del")} default via ${gateway} dev em2 metric 4294967295`);
    await once(host, ["--isolate"]);
    assert.equal(await leaks(world, family), false);
    assert.equal((await rules(host, family)).length, main);
  },
);

scenarios("what the kernel refuses is banned, but for what is inside", async (world, family) => {
  const { host } = world;
  await separate(world);
  await using _container = await addBehind(world, "br0");
  const gateways = family === "IPv4" ? ["172.30.0.1", "172.31.0.1"] : ["2001:db8:30::1", "2001:db8:31::1"];
  const destinations = family === "IPv4"
    ? ["198.51.100.0/24", "198.51.101.0/24"]
    : ["2001:db8:f0::/48", "2001:db8:f1::/48"];
  for (const [i, device] of ["em2", "br0"].entries()) {
    await host.batch([
      `route add ${gateways[i]} dev ${device}`,
      `route add ${destinations[i]} via ${gateways[i]} dev ${device}`,
      `route del ${gateways[i]} dev ${device}`,
    ]);
  }
  const { code, stderr } = await symrouted(host, ["--once", "--isolate", "--role", "br0=inside"]);
  assert.equal(code, 1, stderr);
  const found = (await routes(host, 1003, family)).join("\n");
  assert.match(found, new RegExp(`^unreachable ${destinations[0]} .*proto 115`, "m"));
  assert.match(found, new RegExp(`^throw ${destinations[1]} .*proto 115`, "m"));
});

scenarios(
  "the same with rules per prefix, and from one kind of rules to the other",
  async (world, family) => {
    const { host } = world, address = world.uplink(2)[family].address;
    await separate(world);
    await holdAll(host);
    const held = await hold(world.client, address);
    const { stdout } = await symrouted(host, ["--dry-run", "--isolate", "--rules", "per-prefix"]);
    assert.equal(stdout.split("\n").filter((line) => line.startsWith("# cuts ")).length, 1, stdout);
    await once(host, ["--isolate", "--rules", "per-prefix"]);
    assert.equal(await leaks(world, family), false);
    assert.equal(await isAlive(held), false);
    await once(host, ["--isolate"]);
    assert.equal(await leaks(world, family), false);
    await once(host, ["--rules", "per-prefix"]);
    assert.equal(await leaks(world, family), true);
  },
);
