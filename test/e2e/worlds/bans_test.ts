// Bans in main hold for every uplink's source while they are there, but for what main itself leaves out of them.

import assert from "node:assert/strict";
import { client, clientPrefix, type Family, flag } from "../../lab/addressing.ts";
import { Guest, lan } from "../../lab/guests.ts";
import { answerAtOnce, assertCured, routes } from "../../lab/observe.ts";
import { eventually } from "../../lab/process.ts";
import { scenarios } from "../../lab/scenario.ts";
import { Daemon, symrouted } from "../../lab/symrouted.ts";
import type { World } from "../../lab/world.ts";

scenarios(
  "bans of the client's network come and go: no uplink answers it, then all do",
  async (world, family) => {
    const { host } = world;
    await using _daemon = await Daemon.start(host);
    for (const type of ["blackhole", "unreachable", "prohibit", "throw"]) {
      await host.ip(`${flag(family)} route add ${type} ${clientPrefix[family]}`);
      await eventually(async () => {
        for (const answer of await refusals(world, { family, to: client[family] })) {
          assert.match(answer, /^RTNETLINK answers|unreachable|^blackhole|^prohibit/, type);
        }
      });
      const addresses = world.uplinks.map((uplink) => uplink[family].address);
      assert.deepEqual(await answerAtOnce(world, addresses), [], type);
      await host.ip(`${flag(family)} route delete ${type} ${clientPrefix[family]}`);
      await eventually(() => assertCured(world, family));
    }
    await assertNothingLeft(world);
  },
);

for (const args of [[], ["--isolate"], ["--rules", "per-prefix"]]) {
  const name = `a ban of a neighbour in a storage network holds there too, ${args.join(" ") || "as usual"}`;
  scenarios(name, async (world, family) => {
    const { host } = world;
    await using guest = await Guest.create(world, { ...lan, forwarding: false }, family);
    const own = /address add (\S+)\/\d+ dev lan/.exec(lan.host(family).join("\n"))![1];
    await using _daemon = await Daemon.start(host, args);
    await guest.assertReaches([own], "before");
    await host.ip(`${flag(family)} route add unreachable ${lan.guest[family]}`);
    await eventually(async () => assert.deepEqual(await guest.reaches([own]), [false]));
    await host.ip(`${flag(family)} route delete unreachable ${lan.guest[family]}`);
    await guest.assertReaches([own], "afterwards");
  });
}

/** A delegated prefix that is unreachable but for the LAN's part of it, and an address of no LAN in it. */
const delegated: Record<Family, { prefix: string; unused: string }> = {
  IPv4: { prefix: "172.16.0.0/15", unused: "172.16.7.7" },
  IPv6: { prefix: "2001:db8:d0::/56", unused: "2001:db8:d0:7::7" },
};

for (const forwarding of [true, false]) {
  const name = `a delegated prefix is unreachable but for its LAN, forwarding ${forwarding ? "on" : "off"}`;
  scenarios(name, async (world, family) => {
    const { host } = world, { prefix, unused } = delegated[family];
    await host.ip(`${flag(family)} route add unreachable ${prefix}`);
    await using guest = await Guest.create(world, { ...lan, forwarding }, family);
    const addresses = world.uplinks.map((uplink) => uplink[family].address);
    await guest.assertReaches(addresses, "before");
    const daemon = await Daemon.start(host);
    await guest.assertReaches(addresses, "while it runs");
    await assertUnreachable();
    // A LAN goes and comes back, as when the delegation is divided anew.
    await host.ip("link set lan down");
    await eventually(async () => {
      for (const answer of await refusals(world, { family, to: lan.guest[family] })) {
        assert.match(answer, /unreachable|No route/);
      }
    });
    await host.ip("link set lan up");
    const [before] = lan.host(family).filter((line) => line.startsWith("address add"));
    await host.ip(before.replace("address add", "address replace"));
    await guest.assertReaches(addresses, "afterwards");
    await assertUnreachable();
    await assertCured(world, family);
    assert.equal(await daemon.stop(), 0);
    await assertNothingLeft(world);

    async function assertUnreachable(): Promise<void> {
      for (const answer of await refusals(world, { family, to: unused })) {
        assert.match(answer, /unreachable|No route/);
      }
    }
  });
}

scenarios(
  "an unreachable default of the worst metric bans no uplink that has a default",
  async (world, family) => {
    const { host } = world;
    await using _daemon = await Daemon.start(host);
    await host.ip(`${flag(family)} route add unreachable default metric 4294967295`);
    await using guest = await Guest.create(world, lan, family);
    await guest.assertReaches(world.uplinks.map((uplink) => uplink[family].address), "while it runs");
    await assertCured(world, family);
    for (const { table } of world.uplinks) {
      assert.doesNotMatch((await routes(host, table, family)).join("\n"), /^unreachable default/m);
    }
    await host.ip(`${flag(family)} route delete unreachable default metric 4294967295`);
    await assertCured(world, family);
    await assertNothingLeft(world);
  },
);

/** What the kernel says where a packet goes, asked from each uplink's address. */
async function refusals(
  { host, uplinks }: World,
  { family, to }: { family: Family; to: string },
): Promise<string[]> {
  return await Promise.all(uplinks.map(async (uplink) => {
    const { stdout, stderr } = await host.run(["ip", "route", "get", to, "from", uplink[family].address]);
    return stdout + stderr;
  }));
}

/** Awaits that a fresh look finds nothing to do. */
function assertNothingLeft({ host }: World): Promise<void> {
  return eventually(async () => {
    const { code, stdout } = await symrouted(host, ["--dry-run"]);
    assert.equal(code, 0, stdout);
  });
}
