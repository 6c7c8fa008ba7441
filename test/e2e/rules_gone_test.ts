// Another program takes all of our rules away, as systemd-networkd does whenever it configures an interface.

import assert from "node:assert/strict";
import { families, flag } from "../lab/addressing.ts";
import type { Namespace } from "../lab/netns.ts";
import { assertCured, routes, sourceRules, state } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { Daemon } from "../lab/symrouted.ts";

/** What removes all of our rules, as lines of a batch. */
const removal = ["rule delete from 10.0.0.2 lookup 1002", "rule delete from 192.168.0.2 lookup 1003"];

scenarios(
  "seven times, a good second after they were back each time: that is no fight",
  async (world, family) => {
    const { host } = world;
    await using daemon = await Daemon.start(host);
    const before = await state(host);
    for (let turn = 0; turn < 7; turn++) {
      for (const { table } of world.uplinks) await host.ip(`${flag(family)} rule delete lookup ${table}`);
      await eventually(async () => assert.equal(await state(host), before), { within: 1000 });
      await new Promise((resolve) => setTimeout(resolve, 1200));
    }
    assert.doesNotMatch(daemon.lines.join("\n"), /keeps changing/);
  },
);

scenarios(
  "again and again for five seconds: all is back within a second of the last",
  async (world, family) => {
    const { host } = world;
    await using _daemon = await Daemon.start(host);
    const before = await state(host);
    for (const end = performance.now() + 5000; performance.now() < end;) {
      for (const { table } of world.uplinks) {
        // Where it is not back yet, there is nothing to be removed.
        await host.run(["ip", flag(family), "rule", "delete", "lookup", String(table)]);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await eventually(async () => assert.equal(await state(host), before), { within: 1000 });
  },
);

scenario("while a shared route changes: the tables are still ours", async (world) => {
  const { host } = world;
  await inside(host);
  await using daemon = await Daemon.start(host);
  await meanwhile(
    daemon,
    () => host.batch([...removal, "route replace 10.8.0.0/16 via 172.17.0.6 dev docker0"]),
  );
  await eventually(async () => {
    for (const { table } of world.uplinks) {
      const text = (await routes(host, table, "IPv4")).join("\n");
      assert.match(text, /^10\.8\.0\.0\/16 via 172\.17\.0\.6 dev docker0/m);
      assert.doesNotMatch(text, /172\.17\.0\.5/);
    }
  });
  await assertCured(world, "IPv4");
});

scenario("together with an uplink's addresses: nothing is left in its table", async ({ host }) => {
  await using daemon = await Daemon.start(host);
  await meanwhile(daemon, async () => {
    await host.ip("rule delete lookup 1003");
    await host.ip("-6 rule delete lookup 1003");
    await host.ip("address flush dev em2 scope global");
  });
  await eventually(async () => {
    for (const family of families) {
      assert.equal((await sourceRules(host, family)).length, 1);
      assert.deepEqual(await routes(host, 1003, family), []);
    }
  });
});

/** A network of containers, with a route into one of them. */
async function inside(host: Namespace): Promise<void> {
  await host.sysctl({ "ipv4/ip_forward": 1 });
  await host.batch([
    "link add docker0 type bridge",
    "link set docker0 up",
    "address add 172.17.0.1/16 dev docker0",
    "route add 10.8.0.0/16 via 172.17.0.5 dev docker0",
  ]);
}

/** Does something that the daemon sees only when it is over. */
async function meanwhile(daemon: Daemon, action: () => Promise<void>): Promise<void> {
  daemon.process.signal("SIGSTOP");
  await action();
  daemon.process.signal("SIGCONT");
}
