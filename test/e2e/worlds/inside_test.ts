// Networks inside or behind the host: a guest there reaches each uplink's address as it did without symrouted, and the host
// what is translated to the guest.

import assert from "node:assert/strict";
import type { Family } from "../../lab/addressing.ts";
import { containers, Guest, lan, type Network, overlay, pods, vxlan } from "../../lab/guests.ts";
import { assertCured } from "../../lab/observe.ts";
import { eventually } from "../../lab/process.ts";
import { comesToReach, reaches } from "../../lab/reaches.ts";
import { scenarios } from "../../lab/scenario.ts";
import { Daemon, once } from "../../lab/symrouted.ts";
import type { World } from "../../lab/world.ts";

const flannel = overlay(vxlan, { gateway: true });

for (const network of [containers, pods, lan, flannel, overlay(vxlan, { gateway: false })]) {
  reaches(network);
}
for (const network of [pods, flannel]) comesToReach(network);

/** What one of the containers leads to, such as a VPN's clients. */
const beyond: Record<Family, string> = { IPv4: "10.8.0.0/24", IPv6: "2001:db8:d8::/64" };
const leading: Network = {
  ...containers,
  name: "a container that leads on",
  host: (
    family,
  ) => [...containers.host(family), `route add ${beyond[family]} via ${containers.guest[family]}`],
};
reaches(leading);
reaches({ ...leading, forwarding: true }, { args: ["--isolate"] });

/** The address of a service that is translated to the guest's, as kube-proxy does it. */
const service: Record<Family, string> = { IPv4: "10.96.0.1", IPv6: "2001:db8:96::1" };

for (const network of [pods, lan, flannel]) {
  scenarios(`the host reaches a service that is translated to ${network.name}`, async (world, family) => {
    const { host } = world;
    await using _guest = await Guest.create(world, network, family);
    await translate(world, family, network.guest[family]);
    await eventually(() => assertServed(world, family));
    await using _daemon = await Daemon.start(host);
    await assertServed(world, family);
    for (const uplink of world.uplinks) await assertServed(world, family, uplink[family].address);
    await assertCured(world, family);
  }, { kinds: network.kinds });
}

scenarios("what is translated is lost where its network is not shared", async (world, family) => {
  await using _guest = await Guest.create(world, flannel, family);
  await translate(world, family, flannel.guest[family]);
  await eventually(() => assertServed(world, family, world.uplink(1)[family].address));
  await once(world.host, ["--role", "overlay=stub"]);
  await assert.rejects(() => assertServed(world, family, world.uplink(1)[family].address));
}, { kinds: flannel.kinds });

async function translate({ host }: World, family: Family, to: string): Promise<void> {
  const word = family === "IPv4" ? "ip" : "ip6";
  await host.nft(`table ${word} services {
    chain output {
      type nat hook output priority -100;
      ${word} daddr ${service[family]} dnat to ${to}
    }
  }`);
}

async function assertServed({ host }: World, family: Family, from?: string): Promise<void> {
  const source = from === undefined ? [] : ["-I", from];
  const { code } = await host.run(["ping", "-n", "-c1", "-W1", ...source, service[family]]);
  assert.equal(
    code,
    0,
    `the host gets no answer from ${service[family]}, asked from ${from ?? "any address"}`,
  );
}
