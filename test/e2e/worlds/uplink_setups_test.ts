// However an uplink has its address and its way out: without symrouted its replies leave by the other one, and with it
// it answers.

import assert from "node:assert/strict";
import { client, families, type Family, flag } from "../../lab/addressing.ts";
import { answers, assertCured, replyDevice } from "../../lab/observe.ts";
import { eventually } from "../../lab/process.ts";
import { scenario } from "../../lab/scenario.ts";
import { once, symrouted } from "../../lab/symrouted.ts";
import type { World } from "../../lab/world.ts";

/** What makes the second uplink, as `ip` commands: on its router, beside what that has, and on the host. */
interface Setup {
  readonly router?: readonly string[];
  readonly host: readonly string[];
  /** Settings of the router. */
  readonly settings?: Record<string, number>;
}

const setups: Record<string, Partial<Record<Family, Setup>>> = {
  "an address with a peer": {
    IPv4: {
      host: [
        "address add 192.168.0.2 peer 192.168.0.1 dev em2",
        "route add default via 192.168.0.1 dev em2 metric 106",
      ],
    },
    IPv6: {
      host: [
        "address add 2001:db8:2::2 peer 2001:db8:2::1 dev em2 nodad",
        "route add default via 2001:db8:2::1 dev em2 metric 106",
      ],
    },
  },
  "a prefix of two addresses, /31 and /127": {
    IPv4: {
      router: ["address add 192.168.0.3/31 dev host"],
      host: [
        "address add 192.168.0.2/31 dev em2",
        "route add default via 192.168.0.3 dev em2 metric 106",
      ],
    },
    IPv6: {
      router: ["address add 2001:db8:2::3/127 dev host"],
      host: [
        "address add 2001:db8:2::2/127 dev em2 nodad",
        "route add default via 2001:db8:2::3 dev em2 metric 106",
      ],
    },
  },
  "a single address, and a gateway that is said to be on the link": {
    IPv4: {
      router: ["address add 198.18.0.1/32 dev host"],
      host: [
        "address add 192.168.0.2/32 dev em2",
        "route add default via 198.18.0.1 dev em2 onlink metric 106",
      ],
    },
    IPv6: {
      router: ["address add 2001:db8:5555::1/128 dev host"],
      host: [
        "address add 2001:db8:2::2/128 dev em2 nodad",
        "route add default via 2001:db8:5555::1 dev em2 onlink metric 106",
      ],
    },
  },
  "a single address, and a gateway that another route reaches": {
    IPv4: {
      router: ["address add 169.254.1.1/32 dev host"],
      host: [
        "address add 192.168.0.2/32 dev em2",
        "route add 169.254.1.1 dev em2 scope link",
        "route add default via 169.254.1.1 dev em2 metric 106",
      ],
    },
    IPv6: {
      router: ["address add 2001:db8:5555::1/128 dev host"],
      host: [
        "address add 2001:db8:2::2/128 dev em2 nodad",
        "route add 2001:db8:5555::1 dev em2",
        "route add default via 2001:db8:5555::1 dev em2 metric 106",
      ],
    },
  },
  "a gateway of the other family": {
    IPv4: {
      router: ["address add fe80::1/64 dev host nodad"],
      host: [
        "address add 192.168.0.2/32 dev em2",
        "route add 0.0.0.0/0 via inet6 fe80::1 dev em2 metric 106",
      ],
    },
  },
  "a link-local gateway": {
    IPv6: {
      router: ["address add fe80::1/64 dev host nodad"],
      host: [
        "address add 2001:db8:2::2/64 dev em2 nodad",
        "route add default via fe80::1 dev em2 metric 106",
      ],
    },
  },
  "no gateway": {
    IPv4: {
      settings: { "ipv4/conf/host/proxy_arp": 1 },
      host: ["address add 192.168.0.2/24 dev em2", "route add default dev em2 metric 106"],
    },
    IPv6: {
      settings: { "ipv6/conf/host/proxy_ndp": 1 },
      router: [`neighbour add proxy ${client.IPv6} dev host`],
      host: [
        "address add 2001:db8:2::2/64 dev em2 nodad",
        "route add default dev em2 metric 106",
      ],
    },
  },
  "the highest metric, and the other one 0": {
    IPv4: {
      host: [
        "address add 192.168.0.2/24 dev em2",
        "route add default via 192.168.0.1 dev em2 metric 4294967295",
        "route add default via 10.0.0.1 dev em1 metric 0",
      ],
    },
    IPv6: {
      host: [
        "address add 2001:db8:2::2/64 dev em2 nodad",
        "route add default via 2001:db8:2::1 dev em2 metric 4294967295",
        "route add default via 2001:db8:1::1 dev em1 metric 0",
      ],
    },
  },
  "a default that the other uplink's halves of the world outdo": {
    IPv4: {
      host: [
        "address add 192.168.0.2/24 dev em2",
        "route add default via 192.168.0.1 dev em2 metric 1",
        "route delete default dev em1",
        ...["0.0.0.0/1", "128.0.0.0/1"].map((half) => `route add ${half} via 10.0.0.1 dev em1`),
      ],
    },
    IPv6: {
      host: [
        "address add 2001:db8:2::2/64 dev em2 nodad",
        "route add default via 2001:db8:2::1 dev em2 metric 1",
        "route delete default dev em1",
        ...["::/1", "8000::/1"].map((half) => `route add ${half} via 2001:db8:1::1 dev em1`),
      ],
    },
  },
  "halves of the world in place of a default": {
    IPv4: {
      host: [
        "address add 192.168.0.2/24 dev em2",
        ...["0.0.0.0/1", "128.0.0.0/1"].flatMap((half) => [
          `route add ${half} via 192.168.0.1 dev em2 metric 9`,
          `route add ${half} via 10.0.0.1 dev em1 metric 8`,
        ]),
      ],
    },
    IPv6: {
      host: [
        "address add 2001:db8:2::2/64 dev em2 nodad",
        ...["::/1", "8000::/1"].flatMap((half) => [
          `route add ${half} via 2001:db8:2::1 dev em2 metric 9`,
          `route add ${half} via 2001:db8:1::1 dev em1 metric 8`,
        ]),
      ],
    },
  },
};

for (const [name, byFamily] of Object.entries(setups)) {
  for (const family of families) {
    const setup = byFamily[family];
    if (!setup) continue;
    scenario(`${family}: an uplink that has ${name}`, async (world) => {
      await establish(world, family, setup);
      const { address } = world.uplink(2)[family];
      assert.equal(await replyDevice(world.host, client[family], address), "em1", "without symrouted");
      await once(world.host);
      await assertCured(world, family);
      const { code, stdout } = await symrouted(world.host, ["--dry-run"]);
      assert.equal(code, 0, stdout);
    }, { bare: [2] });
  }
}

scenario("IPv6: defaults for one source each go on answering", async (world) => {
  const { host, uplinks } = world;
  await host.batch(
    uplinks.flatMap(({ device, IPv6: { prefix, gateway } }) => [
      `route delete default dev ${device}`,
      `route add default from ${prefix} via ${gateway} dev ${device}`,
    ]),
    "IPv6",
  );
  for (const { IPv6 } of uplinks) assert.equal(await answers(world, IPv6.address), true, "before");
  await once(host);
  await assertCured(world, "IPv6");
});

async function establish(
  world: World,
  family: Family,
  { router = [], host, settings = {} }: Setup,
): Promise<void> {
  const second = world.uplink(2).router;
  await second.sysctl(settings);
  if (router.length > 0) await second.batch([...router], family);
  // IPv6 makes the route to a peer a moment after its address.
  for (const line of host) await eventually(() => world.host.ip(`${flag(family)} ${line}`));
}
