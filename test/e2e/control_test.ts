// The world itself, without the program: what symrouted is for must be broken before it can be cured.

import assert from "node:assert/strict";
import { client } from "../lab/addressing.ts";
import { answersPing, answersTcp, replyDevice, routes, rules } from "../lab/observe.ts";
import { scenario, scenarios } from "../lab/scenario.ts";

scenarios("without symrouted the first uplink answers and the second does not", async (world, family) => {
  const [first, second] = world.uplinks.map((uplink) => uplink[family].address);
  assert.equal(await answersPing(world, first), true);
  assert.equal(await answersTcp(world, first), true);
  assert.equal(await answersPing(world, second), false);
  assert.equal(await answersTcp(world, second), false);
  assert.equal(await replyDevice(world.host, client[family], second), "em1");
});

scenarios("a firewall lets nothing new out", async (world, family) => {
  const { code } = await world.host.run(["ping", "-n", "-c1", "-W1", client[family]]);
  assert.notEqual(code, 0);
});

scenario("main is the example's, and there are no rules but the kernel's", async (world) => {
  assert.deepEqual(await routes(world.host, "main", "IPv4"), [
    "10.0.0.0/16 dev em1 proto kernel scope link src 10.0.0.2 metric 105",
    "192.168.0.0/24 dev em2 proto kernel scope link src 192.168.0.2 metric 106",
    "default via 10.0.0.1 dev em1 proto static metric 105",
    "default via 192.168.0.1 dev em2 proto static metric 106",
  ]);
  assert.deepEqual(await rules(world.host, "IPv4"), [
    "0: from all lookup local",
    "32766: from all lookup main",
    "32767: from all lookup default",
  ]);
});
