// Connection marks beside other programs' marks: each keeps its own.

import assert from "node:assert/strict";
import { families, type Family } from "../../lab/addressing.ts";
import { connections } from "../../lab/conntrack.ts";
import { script } from "../../lab/deno.ts";
import { settledState, ways } from "../../lab/foreign.ts";
import { Inner } from "../../lab/inner.ts";
import { lines } from "../../lab/observe.ts";
import { Running } from "../../lab/programs/program.ts";
import { tailscale, wgQuick } from "../../lab/programs/vpns.ts";
import { iptables, publish } from "../../lab/published.ts";
import { assertAnswers, byAll, byFirst } from "../../lab/questions.ts";
import { lacksTun, scenario } from "../../lab/scenario.ts";
import { flush, once } from "../../lab/symrouted.ts";
import type { World } from "../../lab/world.ts";

const skip = await lacksTun();
const strict = { rpFilter: 1 } as const;
const MASK = 0x7f000000;

for (const program of [wgQuick, tailscale]) {
  scenario(
    `${program.name}, first: published ports and the tunnel's own packets go by every uplink`,
    async (world) => {
      const { host } = world;
      await using _container = await published(world);
      await Running.start(host, program);
      await serveMarked(world);
      const went = await ways(host, program.probes), tables = await others(world);
      await once(host);
      await assertAnswers(world, byAll, tunnel);
      await once(host, ["--connmark"]);
      await assertAnswers(world, byAll);
      await assertAnswers(world, byAll, tunnel);
      assert.deepEqual(await ways(host, program.probes), went);
      assert.equal(await others(world), tables);
    },
    { ...strict, skip },
  );

  scenario(`${program.name}, later: the tunnel's own packets go by every uplink`, async (world) => {
    const { host } = world;
    await using _container = await published(world);
    await serveMarked(world);
    await once(host, ["--connmark"]);
    // Without a filter of reverse paths: a strict one drops what comes by any but wg-quick's tunnel.
    await Running.start(host, program);
    await assertAnswers(world, byAll, tunnel);
    const went = await ways(host, program.probes), tables = await others(world);
    await once(host, ["--connmark"]);
    await assertAnswers(world, byAll, tunnel);
    assert.deepEqual(await ways(host, program.probes), went);
    assert.equal(await others(world), tables);
  }, { skip });
}

scenario(
  "a ruleset that saves packet marks in connection marks and puts them back takes nothing from ours",
  async (world) => {
    const { host } = world;
    await using _container = await published(world);
    await iptables(host, saving);
    await world.serve();
    await once(host);
    await assertAnswers(world, byFirst);
    await once(host, ["--connmark"]);
    await assertAnswers(world, byAll);
    const rest = 6;
    const seen = await connections(host);
    assert.ok(seen.length >= rest && seen.every(({ mark }) => (mark & MASK) >= 0), JSON.stringify(seen));
  },
  strict,
);

scenario("marks in our mask that others have given are left alone and counted", async (world) => {
  const { host } = world;
  await using _container = await published(world);
  await host.nft(`
table inet others {
  chain prerouting {
    type filter hook prerouting priority -190
    udp dport 8080 meta mark set 0x05000000
    tcp dport 8080 ct mark set 0x66000123
  }
}`);
  await once(host, ["--connmark"]);
  assert.equal(await counted(world), 0);
  await assertAnswers(world, byAll, { how: ["ping"] });
  assert.equal(await counted(world), 0);
  await assertAnswers(world, byFirst, { how: ["tcp"] });
  const afterTcp = await counted(world);
  assert.ok(afterTcp > 0, "packets of a connection with a foreign mark");
  await assertAnswers(world, byFirst, { how: ["udp"] });
  assert.ok(await counted(world) > afterTcp, "packets with a foreign mark");
  const seen = (await connections(host)).filter(({ port }) => port === 8080);
  assert.deepEqual([...new Set(seen.map(({ mark }) => mark))].sort(), [0, 0x66000123]);
}, strict);

scenario("no table of anybody else's changes by a byte, and nothing is left in the end", async (world) => {
  const { host } = world;
  await using _container = await published(world);
  await iptables(host, saving);
  // As a distribution may have it: what counts is the larger of the two.
  await host.sysctl({ "ipv4/conf/all/rp_filter": 0, "ipv4/conf/em2/rp_filter": 2 });
  const before = await state(world), tables = await others(world);
  await once(host, ["--connmark"]);
  assert.equal(await others(world), tables);
  const loose = await host.must(["sh", "-c", "cat /proc/sys/net/ipv4/conf/em?/rp_filter"]);
  assert.deepEqual(lines(loose), ["2", "2"]);
  await flush(host);
  assert.deepEqual(await state(world), before);
  // Switched off, the rest stays.
  await once(host);
  const plain = await state(world);
  await once(host, ["--connmark"]);
  await once(host);
  assert.deepEqual(await state(world), plain);
}, strict);

/** As routers do it with several providers. */
const saving = `
*mangle
-A PREROUTING -j CONNMARK --restore-mark
-A OUTPUT -j CONNMARK --restore-mark
-A POSTROUTING -j CONNMARK --save-mark
COMMIT
`;

/** A port at which the host answers with the mark of wg-quick's, so that the answers do not go into the tunnel. */
const tunnel = { how: ["udp"], port: 51820 } as const;

async function serveMarked({ host, uplinks }: World): Promise<void> {
  await host.nft(`
table inet tunnel {
  chain output {
    type route hook output priority -300
    udp sport 51820 meta mark set 0xca6c
  }
}`);
  const addresses = uplinks.flatMap((uplink) => families.map((family: Family) => uplink[family].address));
  await Promise.all(
    addresses.map((address) => host.spawn([...script("echo.ts"), "51820", address]).line(/listening/)),
  );
}

/** A container whose service is published. */
async function published(world: World): Promise<Inner> {
  const container = await Inner.create(world, "docker0");
  await container.serve();
  await publish(world.host, "docker0");
  return container;
}

/** All that the host has, but for what has been counted. */
async function state({ host }: World): Promise<string[]> {
  return (await settledState(host)).map((line) => line.replace(/packets \d+ bytes \d+/, ""));
}

/** The rulesets of all others. */
async function others({ host }: World): Promise<string> {
  const tables = lines(await host.must(["nft", "list", "tables"])).filter((line) =>
    line !== "table inet symrouted"
  );
  const listed = tables.map((table) =>
    host.must(["nft", "--stateless", "--handle", "list", ...table.split(" ")])
  );
  return (await Promise.all(listed)).join("");
}

async function counted({ host }: World): Promise<number> {
  const text = await host.must(["nft", "list", "counter", "inet", "symrouted", "foreign-marks"]);
  return Number(/packets (\d+)/.exec(text)![1]);
}
