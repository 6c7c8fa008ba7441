// Published ports: whoever translates them, the server's replies leave by the uplink that the request came in by.

import { client as who, families } from "../../lab/addressing.ts";
import { script } from "../../lab/deno.ts";
import { Inner, inner } from "../../lab/inner.ts";
import { docker, iptables, libvirt, publish } from "../../lab/published.ts";
import { assertAnswers, byAll, byFirst } from "../../lab/questions.ts";
import { scenario } from "../../lab/scenario.ts";
import { Daemon, flush, once } from "../../lab/symrouted.ts";

const strict = { uplinks: 3, rpFilter: 1 } as const;
const ports = { how: ["tcp", "udp"] } as const;

scenario("a container's port that nftables publishes answers by every uplink", async (world) => {
  const { host } = world;
  await using container = await Inner.create(world, "docker0");
  await container.serve();
  await publish(host, "docker0");
  await once(host);
  await assertAnswers(world, byFirst);
  await once(host, ["--connmark"]);
  await assertAnswers(world, byAll);
  await flush(host);
  await assertAnswers(world, byFirst);
  await using _daemon = await Daemon.start(host, ["--connmark"]);
  await assertAnswers(world, byAll);
}, strict);

scenario("a container's port that Docker publishes answers by every uplink", async (world) => {
  const { host } = world;
  await using container = await Inner.create(world, "docker0");
  await container.serve();
  await iptables(host, docker);
  await once(host);
  await assertAnswers(world, byFirst, ports);
  await once(host, ["--connmark"]);
  await assertAnswers(world, byAll, ports);
}, strict);

scenario("a virtual machine's forwarded port answers by every uplink", async (world) => {
  const { host } = world;
  await using machine = await Inner.create(world, "virbr0");
  await machine.serve();
  await iptables(host, libvirt);
  await once(host);
  await assertAnswers(world, byFirst, ports);
  await once(host, ["--connmark"]);
  await assertAnswers(world, byAll, ports);
}, strict);

scenario(
  "a proxy's port answers by every uplink, also where one's address is asked by another",
  async (world) => {
    const { host, client, uplinks } = world;
    await using container = await Inner.create(world, "docker0");
    await container.serve();
    const addresses = uplinks.flatMap((uplink) => families.map((family) => uplink[family].address));
    await host.spawn([...script("proxy.ts"), "8080", inner.IPv4.server, "80", ...addresses]).line(
      /listening/,
    );
    await once(host);
    await assertAnswers(world, byAll);
    const [, second] = uplinks;
    for (const family of families) {
      const { address } = world.uplink(1)[family], { near } = second[family];
      await client.ip(`route add ${address} via ${near} src ${who[family]}`);
      await second.router.ip(`route add ${address} via ${second[family].address}`);
    }
    await assertAnswers(world, ({ number }) => number !== 1);
    await once(host, ["--connmark"]);
    await assertAnswers(world, byAll);
  },
  strict,
);
