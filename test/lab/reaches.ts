// What a guest of each network can rely on: each uplink's address answers it as it did without symrouted.

import assert from "node:assert/strict";
import { families, type Family } from "./addressing.ts";
import { Guest, type Network } from "./guests.ts";
import { assertCured, replyDevice } from "./observe.ts";
import { isolatedTest } from "./scenario.ts";
import { Daemon, flush } from "./symrouted.ts";
import { World } from "./world.ts";

/** A test for each family that the network has: before, while symrouted runs, and after. */
export function reaches(
  network: Network,
  options: { families?: readonly Family[]; args?: string[] } = {},
): void {
  const { args = [] } = options;
  for (const family of options.families ?? families) {
    const how = args.length > 0 ? ` with ${args.join(" ")}` : "";
    isolatedTest(`${family}: ${network.name}${how} reaches every uplink's address`, async () => {
      await using world = await World.build();
      const { host } = world;
      await using guest = await Guest.create(world, network, family);
      const addresses = world.uplinks.map((uplink) => uplink[family].address);
      await guest.assertReaches(addresses, "before");
      const daemon = await Daemon.start(host, args);
      await guest.assertReaches(addresses, "while it runs");
      for (const address of addresses) {
        assert.equal(await replyDevice(host, network.guest[family], address), network.device);
      }
      await assertCured(world, family);
      assert.equal(await daemon.stop(), 0);
      await flush(host);
      await guest.assertReaches(addresses, "afterwards");
    }, { kinds: network.kinds });
  }
}

/** The same where the network comes while symrouted runs. */
export function comesToReach(network: Network, options: { families?: readonly Family[] } = {}): void {
  for (const family of options.families ?? families) {
    isolatedTest(`${family}: ${network.name} that comes later reaches every uplink's address`, async () => {
      await using world = await World.build();
      await using _daemon = await Daemon.start(world.host);
      await using guest = await Guest.create(world, network, family);
      await guest.assertReaches(world.uplinks.map((uplink) => uplink[family].address), "while it runs");
      await assertCured(world, family);
    }, { kinds: network.kinds });
  }
}
