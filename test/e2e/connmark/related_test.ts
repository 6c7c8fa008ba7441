// What belongs to a connection and is not of it: ICMP errors, FTP's data connections, fragments; and neighbour discovery,
// which belongs to none.

import assert from "node:assert/strict";
import { families, type Family } from "../../lab/addressing.ts";
import { script } from "../../lab/deno.ts";
import { ftp, lacksHelper } from "../../lab/followed.ts";
import { Inner } from "../../lab/inner.ts";
import { publish } from "../../lab/published.ts";
import { assertAnswers, byAll, byFirst } from "../../lab/questions.ts";
import { scenario } from "../../lab/scenario.ts";
import { once } from "../../lab/symrouted.ts";
import type { World } from "../../lab/world.ts";

const strict = { rpFilter: 1 } as const;

scenario("errors and fragments find their way, and neighbour discovery is never marked", async (world) => {
  const { host } = world;
  await using container = await published(world);
  const errors = { how: ["refusal", "unreachable"], port: 8081 } as const;
  const large = { how: ["udp", "ping"], size: 4000 } as const;
  await once(host);
  await assertAnswers(world, byFirst, errors);
  await assertAnswers(world, byFirst, large);
  await host.nft(observer);
  await once(host, ["--connmark"]);
  await assertAnswers(world, byAll, errors);
  await assertAnswers(world, byAll, large);
  for (const space of [host, container.space]) await space.ip("neighbour flush all");
  await assertAnswers(world, byAll);
  const seen = await host.must(["nft", "list", "counters", "table", "inet", "observer"]);
  const counts = [...seen.matchAll(/counter (\S+) \{\s+packets (\d+)/g)].map((
    [, name, count],
  ) => [name, count]);
  const { marked, discovery } = Object.fromEntries(counts);
  assert.equal(marked, "0");
  assert.ok(Number(discovery) > 0);
}, strict);

scenario("the way's largest packet is found out in both directions", async (world) => {
  const { host, uplinks } = world;
  await using container = await published(world);
  const large = { how: ["tcp"], size: 100_000 } as const;
  await once(host);
  await assertAnswers(world, byFirst, large);
  await once(host, ["--connmark"]);
  await assertAnswers(world, byAll, large);
  // Answers find the narrow place behind the router, which tells the server.
  for (const { router, ...uplink } of uplinks) {
    await router.batch(families.map((family) => {
      const { far } = uplink[family];
      return `route replace ${
        family === "IPv4" ? "203.0.113.0/24" : "2001:db8:c::/64"
      } via ${far} mtu lock 1300`;
    }));
  }
  await assertAnswers(world, byAll, large);
  for (const family of families) {
    assert.ok((await learnt(container, family)) > 0, `${family}: the server was told`);
  }
  // Requests find it in the host itself, which tells the client by the uplink that they came by.
  await host.ip("link set docker0 mtu 1280");
  await assertAnswers(world, byAll, large);
  for (const family of families) {
    for (const uplink of uplinks) {
      const way = await world.client.ip(`route get ${uplink[family].address}`);
      assert.match(way, / mtu 1280\b/, `the client was told by ${uplink.device}`);
    }
  }
}, strict);

const helper = await lacksHelper();

scenario("FTP works by every uplink, whoever opens the data connection", async (world) => {
  const { host, uplinks } = world;
  await using container = await published(world);
  await container.space.spawn(script("ftp.ts")).line(/listening/);
  // A firewall has to know the protocol to let the server call the client.
  for (const space of [host, ...uplinks.map(({ router }) => router)]) await space.nft(ftp);
  const get = async (where: string, ...how: string[]) => {
    const { stdout } = await world.client.run(["curl", "-sS", "-m", "3", ...how, `ftp://${where}/file`]);
    return stdout;
  };
  const [, second] = uplinks;
  const places = families.map((family) =>
    family === "IPv4" ? second[family].address : `[${second[family].address}]`
  );
  await once(host);
  assert.deepEqual(await Promise.all(places.map((place) => get(place))), ["", ""]);
  await once(host, ["--connmark"]);
  for (const place of places) {
    assert.equal(await get(place), "a file\n", `${place}, passive`);
    assert.equal(await get(place, "--ftp-port", "-"), "a file\n", `${place}, active`);
  }
  assert.equal(await get(places[0], "--disable-epsv"), "a file\n", "passive, of old");
  assert.equal(await get(places[0], "--disable-eprt", "--ftp-port", "-"), "a file\n", "active, of old");
}, { ...strict, skip: helper });

/** A container whose service is published. */
async function published(world: World): Promise<Inner> {
  const container = await Inner.create(world, "docker0");
  await container.serve();
  await publish(world.host, "docker0");
  return container;
}

/** How many ways the server knows on which packets have to be smaller. */
async function learnt({ space }: Inner, family: Family): Promise<number> {
  const word = family === "IPv4" ? "-4" : "-6";
  const cached = await space.must(["ip", word, "route", "show", "cache"]);
  return (cached.match(/ mtu /g) ?? []).length;
}

/** Sees whatever no connection knows, behind all that could mark it. */
const observer = `
table inet observer {
  counter marked {
  }
  counter discovery {
  }
  chain prerouting {
    type filter hook prerouting priority 400
    jump look
  }
  chain output {
    type filter hook output priority 400
    jump look
  }
  chain look {
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } counter name "discovery"
    ct state untracked meta mark & 0x7f000000 != 0 counter name "marked"
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } meta mark & 0x7f000000 != 0 counter name "marked"
  }
}
`;
