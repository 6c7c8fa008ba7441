// The daemon follows DHCP: a lease arrives, changes, and is given back.

import assert from "node:assert/strict";
import { assertCured, routes, sourceRules } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";
import { dhcpClient, dhcpServer } from "../lab/servers.ts";
import { Daemon } from "../lab/symrouted.ts";

scenario("IPv4: a DHCP lease arrives, is replaced by another, and goes", async (world) => {
  const { host } = world;
  const uplink = world.uplink(2);
  await using _daemon = await Daemon.start(host);
  const server = await dhcpServer(uplink, { first: "192.168.0.50", last: "192.168.0.50" });
  const client = dhcpClient(host, "em2");
  await leased("192.168.0.50");

  // The server comes back with other addresses: it refuses the old one when the client asks to keep it.
  await server.stop();
  await dhcpServer(uplink, { first: "192.168.0.70", last: "192.168.0.70" });
  client.signal("SIGUSR1");
  await leased("192.168.0.70");

  client.signal("SIGUSR2");
  await eventually(async () => {
    assert.deepEqual(await sourceRules(host, "IPv4"), ["from 10.0.0.2 lookup 1002"]);
    assert.deepEqual(await routes(host, 1003, "IPv4"), []);
  }, { within: 10_000 });

  async function leased(address: string): Promise<void> {
    await eventually(async () => {
      assert.deepEqual(
        await sourceRules(host, "IPv4"),
        ["from 10.0.0.2 lookup 1002", `from ${address} lookup 1003`],
      );
    }, { within: 15_000 });
    await eventually(async () => {
      assert.deepEqual(await routes(host, 1003, "IPv4"), [
        `192.168.0.0/24 dev em2 proto kernel scope link src ${address} metric 106`,
        "default via 192.168.0.1 dev em2 proto dhcp metric 106",
      ]);
    });
    uplink.IPv4.address = address;
    await assertCured(world, "IPv4");
  }
}, { bare: [2] });
