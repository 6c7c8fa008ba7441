// A network without a way out, a route that names another uplink's address as its source, prefixes that are local without
// an address (AnyIP), and what an interface is to become while symrouted runs.

import assert from "node:assert/strict";
import { client, type Family, flag } from "../../lab/addressing.ts";
import { Guest, lan, macvlan, type Network } from "../../lab/guests.ts";
import {
  answerAtOnce,
  answersPing,
  assertCured,
  replyDevice,
  routes,
  sourceRules,
} from "../../lab/observe.ts";
import { eventually } from "../../lab/process.ts";
import { scenarios } from "../../lab/scenario.ts";
import { Daemon, symrouted } from "../../lab/symrouted.ts";
import type { World } from "../../lab/world.ts";

const storage: Network = { ...lan, name: "storage", forwarding: false };

scenarios("a storage network without a gateway goes on by its own interface", async (world, family) => {
  const { host } = world;
  await using guest = await Guest.create(world, storage, family);
  const own = addressOn(storage, family), { gateway } = world.uplink(1)[family];
  // A wider route by another interface is none for what the storage network's own address sends.
  await host.ip(`${flag(family)} route add ${wider[family]} via ${gateway} dev em1`);
  await guest.assertReaches([own], "before");
  await using _daemon = await Daemon.start(host);
  await guest.assertReaches([own], "while it runs");
  assert.ok((await sourceRules(host, family)).some((rule) => rule.startsWith(`from ${own} lookup `)));
  assert.equal(await replyDevice(host, storage.guest[family], own), "lan");
  await assertCured(world, family);
});

for (const rpFilter of [0, 1] as const) {
  scenarios(
    `who is of a stub's network and comes by an uplink is answered by that uplink, rp_filter ${rpFilter}`,
    async (world, family) => {
      const { host, client } = world, [first, second] = world.uplinks;
      // The second interface is a stub: of its network is a client that comes by the first one's router.
      await host.ip(`${flag(family)} route delete default dev em2`);
      const one = second[family].address.replace(/2$/, "50"), length = family === "IPv4" ? 32 : 128;
      await client.ip(`address add ${one}/${length} dev lo${family === "IPv6" ? " nodad" : ""}`);
      await first.router.ip(`route add ${one} via ${first[family].far}`);
      const isAnswered = async () => {
        const { code } = await client.run(["ping", "-n", "-c1", "-W0.5", "-I", one, first[family].address]);
        return code === 0;
      };
      assert.equal(await isAnswered(), false, "the control must fail without symrouted");
      await using _daemon = await Daemon.start(host);
      assert.equal(await replyDevice(host, one, first[family].address), "em1");
      await eventually(async () => assert.equal(await isAnswered(), true));
    },
    { rpFilter },
  );
}

scenarios("where an option calls it inside, it reaches every uplink's address", async (world, family) => {
  await using guest = await Guest.create(world, storage, family);
  const addresses = world.uplinks.map((uplink) => uplink[family].address);
  await guest.assertReaches(addresses, "before");
  await using _daemon = await Daemon.start(world.host, ["--role", "lan=inside"]);
  await guest.assertReaches([...addresses, addressOn(storage, family)], "while it runs");
  await assertCured(world, family);
});

scenarios(`${macvlan.name} reaches that one's address`, async (world, family) => {
  const { host } = world, [first, second] = world.uplinks, { address } = first[family];
  await using guest = await Guest.create(world, macvlan, family);
  await guest.assertReaches([address], "before");
  const daemon = await Daemon.start(host);
  await guest.assertReaches([address], "while it runs");
  assert.equal(await replyDevice(host, macvlan.guest[family], address), "shim");
  assert.equal(await replyDevice(host, macvlan.guest[family], second[family].address), "em2");
  await assertCured(world, family);
  // It goes with main's.
  await host.ip("link delete shim");
  await eventually(async () => {
    assert.doesNotMatch((await routes(host, first.table, family)).join("\n"), /^throw/m);
  });
  assert.equal(await replyDevice(host, macvlan.guest[family], address), "em1");
  assert.equal(await daemon.stop(), 0);
}, { kinds: macvlan.kinds });

scenarios(
  "a route with another uplink's address as its source is that one's as well",
  async (world, family) => {
    const { host } = world;
    const [first, second] = world.uplinks;
    const prefix = family === "IPv4" ? "198.51.100.0/24" : "2001:db8:f0::/48";
    const inside = family === "IPv4" ? "198.51.100.1" : "2001:db8:f0::1";
    await second.router.ip(`address add ${inside}/${family === "IPv4" ? 32 : 128} dev lo`);
    await using _daemon = await Daemon.start(host);
    await host.ip(`route add ${prefix} via ${second[family].gateway} dev em2 src ${first[family].address}`);
    await eventually(async () => {
      assert.equal(await replyDevice(host, inside, first[family].address), "em2");
    });
    assert.equal(await replyDevice(host, inside, second[family].address), "em2");
    await assertCured(world, family);
    await host.ip(`${flag(family)} route delete ${prefix}`);
    await eventually(async () => {
      assert.equal(await replyDevice(host, inside, first[family].address), "em1");
    });
  },
);

scenarios(
  "AnyIP: addresses that are local by a route alone answer by their uplink",
  async (world, family) => {
    const { host } = world, { router, ...sides } = world.uplink(2);
    const prefix = family === "IPv4" ? "198.51.100.80/28" : "2001:db8:f0::/64";
    const asked = family === "IPv4"
      ? ["198.51.100.81", "198.51.100.94"]
      : ["2001:db8:f0::1", "2001:db8:f0::99"];
    await host.ip(`${flag(family)} route add local ${prefix} dev em2 table local`);
    await router.ip(`route add ${prefix} via ${sides[family].address}`);
    await world.client.ip(`route add ${prefix} via ${sides[family].near} src ${client[family]}`);
    assert.deepEqual(await answerAtOnce(world, asked), [], "the control must fail without symrouted");
    await using _daemon = await Daemon.start(host);
    for (const address of asked) assert.equal(await answersPing(world, address), true, address);
    await host.ip(`${flag(family)} route delete local ${prefix} dev em2 table local`);
    await eventually(async () => assert.equal((await sourceRules(host, family)).length, 2));
    await assertCured(world, family);
  },
);

scenarios(
  "forwarding is switched on and off: a network is inside, and a stub again",
  async (world, family) => {
    const { host } = world;
    await using guest = await Guest.create(world, storage, family);
    const own = addressOn(storage, family);
    const addresses = world.uplinks.map((uplink) => uplink[family].address);
    await using _daemon = await Daemon.start(host);
    for (let round = 0; round < 2; round++) {
      await host.sysctl({ [forwarding[family]]: 1 });
      await eventually(async () => assert.equal(await hasRule(world, { family, own }), false));
      await guest.assertReaches([...addresses, own], "forwarding on");
      await host.sysctl({ [forwarding[family]]: 0 });
      await eventually(async () => assert.equal(await hasRule(world, { family, own }), true));
      await guest.assertReaches([own], "forwarding off");
    }
    await assertCured(world, family);
  },
);

scenarios(
  "where the host forwards, a default appears on a network, and it answers the client",
  async (world, family) => {
    const { host } = world;
    const { device, metric, ...sides } = world.uplink(2);
    const { address, gateway } = sides[family];
    await host.sysctl({ "ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1 });
    const route = `default via ${gateway} dev ${device} metric ${metric}`;
    await host.ip(`${flag(family)} route delete ${route}`);
    await using _daemon = await Daemon.start(host);
    assert.equal(await hasRule(world, { family, own: address }), false);
    for (let round = 0; round < 2; round++) {
      await host.ip(`${flag(family)} route add ${route}`);
      await eventually(() => assertCured(world, family));
      await host.ip(`${flag(family)} route delete ${route}`);
      await eventually(async () => assert.equal(await hasRule(world, { family, own: address }), false));
      assert.equal(await replyDevice(host, client[family], address), "em1", "as main says");
    }
    const { code, stdout } = await symrouted(host, ["--dry-run"]);
    assert.equal(code, 0, stdout);
  },
);

const wider: Record<Family, string> = { IPv4: "172.16.0.0/12", IPv6: "2001:db8:d0::/48" };
const forwarding: Record<Family, string> = { IPv4: "ipv4/ip_forward", IPv6: "ipv6/conf/all/forwarding" };

/** The host's own address in a network. */
function addressOn({ host }: Network, family: Family): string {
  return /address add (\S+)\/\d+ dev lan/.exec(host(family).join("\n"))![1];
}

async function hasRule({ host }: World, { family, own }: { family: Family; own: string }): Promise<boolean> {
  return (await sourceRules(host, family)).some((rule) => rule.startsWith(`from ${own} `));
}
