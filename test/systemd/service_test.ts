// symrouted as a service: stopping and starting it is nothing that a client notices.

import assert from "node:assert/strict";
import { Monitor } from "../lab/monitor.ts";
import { ours } from "./ours.ts";
import { lostWhile } from "./pings.ts";
import { machineScenario } from "./scenario.ts";

const ready = /^ready: 4 rules, 10 routes/;

machineScenario(
  "ten restarts of the service: nothing is written, no reply is lost",
  async (world, machine) => {
    const before = await ours(world);
    await using monitor = await Monitor.start(world.host);
    const lost = await lostWhile(world, async () => {
      for (let turn = 1; turn <= 10; turn++) {
        const times = (await machine.journal("symrouted")).filter((line) => ready.test(line)).length + 1;
        await machine.systemctl("restart symrouted");
        // Now and then one is ended before it is ready.
        if (turn % 3 !== 0) await machine.said("symrouted", ready, { times });
      }
    });
    assert.deepEqual((await monitor.happened()).filter((line) => / proto 115| table 100\d/.test(line)), []);
    assert.deepEqual(await ours(world), before);
    for (const [address, count] of Object.entries(lost)) {
      assert.equal(
        count.lost,
        0,
        `${address}: ${count.lost} lost`,
      );
    }
  },
);
