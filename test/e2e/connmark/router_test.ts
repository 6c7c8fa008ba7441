// A host that is a router, with a LAN behind it: what comes from one side and goes to the other.

import assert from "node:assert/strict";
import { client, families } from "../../lab/addressing.ts";
import { connections } from "../../lab/conntrack.ts";
import { script } from "../../lab/deno.ts";
import { Inner, inner } from "../../lab/inner.ts";
import { publish } from "../../lab/published.ts";
import { type Asked, assertAnswered, assertAnswers, byAll, byFirst } from "../../lab/questions.ts";
import { scenario } from "../../lab/scenario.ts";
import { Daemon, once } from "../../lab/symrouted.ts";
import type { World } from "../../lab/world.ts";

const strict = { rpFilter: 1 } as const;

scenario(
  "a port that is forwarded into the LAN answers by both uplinks, and the LAN goes on as before",
  async (world) => {
    const { host } = world;
    await using lan = await Inner.create(world, "lan");
    await lan.serve();
    await publish(host, "lan");
    await once(host);
    await assertAnswers(world, byFirst);
    await assertLanAsBefore(world, lan);
    await once(host, ["--connmark"]);
    await assertAnswers(world, byAll);
    await assertLanAsBefore(world, lan);
    await using _daemon = await Daemon.start(host, ["--connmark"]);
    await assertAnswers(world, byAll);
    await assertLanAsBefore(world, lan);
  },
  strict,
);

scenario("a LAN reaches what is forwarded into it by the addresses outside", async (world) => {
  const { host } = world;
  await using lan = await Inner.create(world, "lan");
  await lan.serve();
  await publish(host, "lan", { hairpin: true });
  const fromLan = { from: lan.space };
  await once(host);
  await assertAnswers(world, byAll, fromLan);
  await once(host, ["--connmark"]);
  await assertAnswers(world, byAll, fromLan);
  await assertAnswers(world, byAll);
}, strict);

scenario(
  "what comes by one uplink and goes out by another gets its replies by the first one",
  async (world) => {
    const { host, uplinks: [first, second] } = world;
    await host.sysctl({ "ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1 });
    // A server beside the first uplink's router that has the host as its way to everything.
    await first.router.batch(families.flatMap((family) => [
      `address add ${beside[family]}/${first[family].length} dev host${family === "IPv6" ? " nodad" : ""}`,
      `route add default via ${first[family].address} table 99`,
    ]));
    for (const family of families) {
      await first.router.batch([`rule add from ${beside[family]} table 99`], family);
      await second.router.ip(`route add ${beside[family]} via ${second[family].address}`);
      await world.client.ip(`route add ${beside[family]} via ${second[family].near} src ${client[family]}`);
    }
    for (const family of families) {
      await first.router.spawn([...script("echo.ts"), "80", beside[family]]).line(/listening/);
    }
    await host.nft(`table inet forward {
    chain prerouting {
      type nat hook prerouting priority dstnat;
      iifname "em2" tcp dport 8080 dnat ip to ${beside.IPv4}:80
      iifname "em2" tcp dport 8080 dnat ip6 to [${beside.IPv6}]:80
    }
  }`);
    const asked = (wanted: boolean): Asked[] =>
      families.flatMap((family) => [
        { how: "tcp", address: second[family].address, port: 8080, wanted },
        { how: "tcp", address: beside[family], port: 80, wanted },
        { how: "udp", address: beside[family], port: 80, wanted },
        { how: "ping", address: beside[family], port: 0, wanted },
      ]);
    await once(host);
    await assertAnswered(world.client, asked(false));
    await once(host, ["--connmark"]);
    await assertAnswered(world.client, asked(true));
  },
  strict,
);

// No filter of reverse paths: where a link has no IPv4 address even a loose one lets nothing by that main routes elsewhere.
scenario("an uplink without global addresses answers for what is routed by it", async (world) => {
  const { host, uplinks: [, second] } = world;
  await using lan = await Inner.create(world, "lan");
  await lan.serve();
  await host.ip("link set em2 address 02:00:00:00:00:02");
  await second.router.ip("address add fe80::1/64 dev host nodad");
  for (const family of families) {
    const { gateway, address, near } = second[family], { network } = inner[family];
    const via = family === "IPv4" ? gateway : "fe80::1";
    await second.router.batch([
      `neighbour replace ${address} dev host lladdr 02:00:00:00:00:02`,
      `route add ${network} via ${address} dev host`,
    ]);
    await world.client.ip(`route add ${network} via ${near} src ${client[family]}`);
    await host.batch([
      `address delete ${address}/${second[family].length} dev em2`,
      `route replace default via ${via} dev em2 proto static metric ${second.metric} onlink`,
    ]);
  }
  const asked = (wanted: boolean): Asked[] =>
    families.flatMap((family) =>
      (["tcp", "udp", "ping"] as const).map((how) => ({
        how,
        address: inner[family].server,
        port: 80,
        wanted,
      }))
    );
  await once(host);
  await assertAnswered(world.client, asked(false));
  await once(host, ["--connmark"]);
  await assertAnswered(world.client, asked(true));
});

const beside = { IPv4: "10.0.0.9", IPv6: "2001:db8:1::9" };

/** The LAN reaches every address of its router's and, by main's choice, the world; and so does the router itself. */
async function assertLanAsBefore(world: World, lan: Inner): Promise<void> {
  const { host } = world;
  await serveOnClient(world);
  await assertAnswers(world, byAll, { from: lan.space, how: ["ping"] });
  const outside: Asked[] = families.flatMap((family) =>
    (["tcp", "udp", "ping"] as const).map((how) => ({ how, address: client[family], port: 80, wanted: true }))
  );
  await assertAnswered(lan.space, outside);
  await assertAnswered(host, outside);
  for (const family of families) {
    const { address } = world.uplink(1)[family];
    const outgoing = (await connections(host)).filter(({ to, port }) => to === client[family] && port === 80);
    assert.ok(outgoing.length > 0);
    for (const { from, answerTo, mark } of outgoing) {
      assert.equal(answerTo, address, "the world sees the address of the best uplink");
      if (from === address) assert.equal(mark, 0, "the host's own connections have no mark");
      else assert.equal(from, inner[family].server);
    }
  }
}

/** Who may be called from inside: by the best uplink alone. */
const served = new WeakSet<World>();

async function serveOnClient(world: World): Promise<void> {
  if (served.has(world)) return;
  served.add(world);
  await world.client.spawn([...script("echo.ts"), "80"]).line(/listening/);
  await world.uplink(1).router.nft(`table inet firewall {
  chain forward {
    meta l4proto { tcp, udp } th dport 80 accept
    icmp type echo-request accept
    icmpv6 type echo-request accept
  }
}`);
}
