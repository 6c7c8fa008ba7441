// An uplink of each kind that a link can have: it is one, it answers, it goes down and comes up; what is beneath it is none.

import assert from "node:assert/strict";
import { client, families, type Family } from "../../lab/addressing.ts";
import type { Make } from "../../lab/cables.ts";
import { answers, assertBroken, assertCured, lines, replyDevice, routes, state } from "../../lab/observe.ts";
import { eventually } from "../../lab/process.ts";
import { lacksTun, scenario, scenarios } from "../../lab/scenario.ts";
import { Daemon, flush, once, symrouted } from "../../lab/symrouted.ts";
import { lacksWireguard } from "../../lab/wireguard.ts";
import { afterDownLines, type Uplink, type World } from "../../lab/world.ts";

/** What has no neighbours, so that a default needs no gateway. */
const pointToPoint: readonly Make[] = ["gre", "ip6gre", "ipip", "sit", "ip6tnl", "wireguard"];

function familiesOf(make: Make): readonly Family[] {
  return make === "ipip" ? ["IPv4"] : families;
}

/** A host whose second uplink and those behind it are made so. */
function uplinksOf(makes: Make[]): void {
  const made = Object.fromEntries(makes.map((make, i) => [i + 2, make]));
  const skip = makes.includes("wireguard") ? lacksWireguard() : undefined;
  const options = { uplinks: makes.length + 1, made, kinds: makes, skip };

  scenario(`uplinks that are ${makes.join(", ")}`, async (world) => {
    const { host } = world;
    const others = world.uplinks.slice(1);
    await assertBroken(world, "IPv4");
    const before = await state(host);
    await assertRoles(world, makes);

    await using daemon = await Daemon.start(host);
    await assertTables(world);
    await assertAnswer(world, makes);

    await host.batch(others.map(({ device }) => `link set ${device} down`));
    // Without a default a bridge or a tunnel leads to what is inside: it has no table then.
    await eventually(async () => {
      for (const { table } of others) assert.deepEqual(await routes(host, table, "IPv4"), []);
    });
    await host.batch(others.flatMap((uplink) => [`link set ${uplink.device} up`, ...afterDownLines(uplink)]));
    await eventually(() => assertTables(world));
    await eventually(() => assertAnswer(world, makes));

    const direct = others.filter((_, i) => pointToPoint.includes(makes[i]));
    for (const family of direct.length > 0 ? families : []) {
      await host.batch(direct.flatMap((uplink) => withoutGateway(uplink, family)), family);
    }
    await eventually(() => assertTables(world));
    await assertAnswer(world, makes);
    for (const family of direct.length > 0 ? families : []) {
      await host.batch(
        direct.flatMap((uplink) => withoutGateway(uplink, family).toReversed().map(undo)),
        family,
      );
    }
    await eventually(() => assertTables(world));
    assert.equal(await daemon.stop(), 0);
    await flush(host);
    assert.equal(unordered(await state(host)), unordered(before));
  }, options);
}

uplinksOf(["bridge", "macvlan", "vxlan"]);
uplinksOf(["vlan", "ipvlan", "geneve", "gre", "ip6gre", "ipip", "sit", "ip6tnl", "wireguard"]);

scenarios("a tun that has a default without a gateway is an uplink", async (world, family) => {
  const { host } = world;
  const address = family === "IPv4" ? "198.18.9.2" : "2001:db8:99::2";
  await host.batch([
    "tuntap add tun9 mode tun",
    "link set tun9 up",
    `address add ${address} dev tun9`,
    "route add default dev tun9 metric 200",
  ], family);
  const { stdout } = await symrouted(host, ["--dry-run"]);
  assert.ok(lines(stdout).includes(`# tun9 (${family}): uplink because main has a default route through it`));
  assert.equal(await replyDevice(host, client[family], address), "em1", "without symrouted");
  await once(host);
  assert.equal(await replyDevice(host, client[family], address), "tun9");
  await assertCured(world, family);
}, { skip: await lacksTun() });

async function assertRoles({ host, uplinks }: World, makes: readonly Make[]): Promise<void> {
  const { stdout } = await symrouted(host, ["--dry-run"]);
  const said = lines(stdout).filter((line) => line.startsWith("#"));
  for (const [i, { device }] of uplinks.slice(1).entries()) {
    for (const family of familiesOf(makes[i])) {
      const uplink = `# ${device} (${family}): uplink because main has a default route through it`;
      assert.ok(said.includes(uplink), stdout);
      assert.ok(!said.some((line) => line.startsWith(`# ${device}p (${family}): uplink`)), stdout);
    }
  }
}

/** Asserts that every uplink answers. */
async function assertAnswer(world: World, makes: readonly Make[]): Promise<void> {
  await Promise.all(
    world.uplinks.slice(1).flatMap((uplink, i) =>
      familiesOf(makes[i]).map(async (family) =>
        assert.equal(await answers(world, uplink[family].address), true, `${makes[i]} ${family}`)
      )
    ),
  );
}

/** Asserts that each uplink's table has main's routes by it, and nothing beside but the networks of other tunnels. */
async function assertTables({ host, uplinks }: World): Promise<void> {
  for (const family of families) {
    const main = await routes(host, "main", family);
    const networks = main.filter((route) => / proto kernel /.test(route));
    for (const { device, table } of uplinks) {
      const own = main.filter((route) => `${route} `.includes(` dev ${device} `));
      const found = await routes(host, table, family);
      assert.deepEqual(found.filter((route) => !own.includes(route) && !networks.includes(route)), []);
      assert.deepEqual(own.filter((route) => !found.includes(route)), [], `${device}'s table`);
    }
  }
}

function withoutGateway({ device, metric, ...sides }: Uplink, family: Family): string[] {
  const end = `dev ${device} proto static metric ${metric}`;
  return [`route delete default via ${sides[family].gateway} ${end}`, `route add default ${end}`];
}

function undo(line: string): string {
  return line.includes(" delete ") ? line.replace(" delete ", " add ") : line.replace(" add ", " delete ");
}

/** A route that comes again stands elsewhere in main. */
function unordered(text: string): string {
  return lines(text.replaceAll(/ valid_lft.*/g, "")).sort().join("\n");
}
