// A WireGuard tunnel for all traffic, brought up by wg-quick itself, before symrouted or after it.

import assert from "node:assert/strict";
import { families } from "../../lab/addressing.ts";
import { others } from "../../lab/others.ts";
import { assertCured, replyDevice, routes, state } from "../../lab/observe.ts";
import { eventually } from "../../lab/process.ts";
import { scenario, type ScenarioOptions } from "../../lab/scenario.ts";
import { Daemon, symrouted } from "../../lab/symrouted.ts";
import { beyond, lacksWireguard, Tunnel } from "../../lab/wireguard.ts";
import type { World } from "../../lab/world.ts";

const wireguard: ScenarioOptions = { kinds: ["wireguard"], skip: lacksWireguard() };

scenario(
  "wg-quick was first: its rules, table and filter stay as they are through everything",
  async (world) => {
    const { host } = world;
    const second = world.uplink(2);
    const tunnel = await Tunnel.create(world, second.IPv4.address);
    await tunnel.up();
    assert.match(await host.ip("rule show"), /not from all fwmark 0xca6c lookup 51820/);
    const [before, all, filter] = [await others(host), await state(host), await filters(world)];
    assert.equal(
      await tunnel.answers(),
      false,
      "by the second uplink the control must fail without symrouted",
    );

    await using daemon = await Daemon.start(host);
    await eventually(async () => assert.equal(await tunnel.answers(), true));
    await assertAllTraffic(world);
    await host.ip("route add 198.51.101.0/24 via 192.168.0.1 dev em2");
    await eventually(async () => assert.match((await routes(host, 1003, "IPv4")).join("\n"), /^198\.51/m));
    await host.ip("route delete 198.51.101.0/24");
    await eventually(async () =>
      assert.doesNotMatch((await routes(host, 1003, "IPv4")).join("\n"), /^198\.51/m)
    );
    assert.equal(await others(host), before, "running");
    assert.equal(await daemon.stop(), 0);

    await using again = await Daemon.start(host);
    assert.equal(await others(host), before, "started again");
    for (const family of families) await assertCured(world, family);
    assert.equal(await again.stop(), 0);
    assert.equal((await symrouted(host, ["--flush"])).code, 0);
    assert.equal(await state(host), all, "flushed");
    assert.equal(await filters(world), filter);
    await assertAllTraffic(world);
  },
  wireguard,
);

scenario("wg-quick comes later, in front of our rules: it is named, and the advice cures", async (world) => {
  const { host } = world;
  const tunnel = await Tunnel.create(world, world.uplink(2).IPv4.address);
  const all = await state(host);
  let advised: string;
  {
    await using daemon = await Daemon.start(host);
    await tunnel.up();
    for (const family of families) {
      await daemon.line(new RegExp(`lookup 51820' \\(${family}\\) stands in front of ours .*--priority`));
    }
    const numbers = daemon.lines.flatMap((line) => /--priority (\d+)/.exec(line)?.[1] ?? []);
    advised = numbers.sort()[0];
    assert.equal(await daemon.stop(), 0);
  }
  await using daemon = await Daemon.start(host, ["--priority", advised]);
  for (const family of families) await assertCured(world, family);
  await eventually(async () => assert.equal(await tunnel.answers(), true));
  await assertAllTraffic(world);
  await tunnel.down();
  for (const family of families) await eventually(() => assertCured(world, family));
  assert.equal(await daemon.stop(), 0);
  assert.equal((await symrouted(host, ["--flush"])).code, 0);
  assert.equal(await state(host), all);
}, wireguard);

/** Asserts that what the host sends of itself goes through the tunnel. */
async function assertAllTraffic({ host }: World): Promise<void> {
  for (const address of beyond) {
    const { stdout } = await host.run(["ip", "route", "get", address]);
    assert.match(stdout, / dev wg0 /);
  }
  assert.equal(await replyDevice(host, beyond[0], "10.9.0.2"), "wg0");
}

function filters({ host }: World): Promise<string> {
  return host.must(["nft", "list", "ruleset"]);
}
