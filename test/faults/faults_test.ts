// The faults are what they are said to be: a test whose fault does not happen would prove nothing.

import assert from "node:assert/strict";
import { faulty, Stops } from "../lab/faults.ts";
import { Monitor } from "../lab/monitor.ts";
import { state } from "../lab/observe.ts";
import { scenario } from "../lab/scenario.ts";
import { Daemon, once, symrouted } from "../lab/symrouted.ts";

/** A changed rule or route of ours, as `ip monitor` prints it. */
const ours = /\btable 100\d\b|\blookup 100\d\b/;

scenario("the program is killed right before a change, and right after one", async ({ host }) => {
  await using monitor = await Monitor.start(host);
  const made = async () => (await monitor.happened()).filter((line) => ours.test(line)).length;
  await symrouted(host, ["--once"], { env: await faulty({ killBeforeWrite: 4 }) });
  assert.equal(await made(), 3);
  await symrouted(host, ["--once"], { env: await faulty({ killAfterWrite: 2 }) });
  assert.equal(await made(), 5);
});

scenario(
  "the program stops after each change, and what stepping makes is what it makes at once",
  async (world) => {
    const { host } = world;
    using stops = new Stops();
    const states = [await state(host)];
    const program = once(host, [], { env: await faulty({ step: stops.path }) });
    const stepped = await stops.during(program, async ({ count }) => {
      states.push(await state(host));
      assert.notEqual(states.at(-1), states.at(-2), `step ${count}`);
    });
    const { length } = (await state(host)).match(new RegExp(ours, "g")) ?? [];
    // A rule of IPv6 stands there twice in the end, for a moment.
    assert.equal(new Set(states).size, length! + 2);
    assert.equal(states.length, length! + 3);
    assert.match(stepped, /^symrouted: 4 rules added, 10 routes added;/);
  },
);

scenario("a small receive buffer loses notifications", async ({ host }) => {
  await using daemon = await Daemon.start(host, [], { env: await faulty({ receiveBuffer: 4096 }) });
  daemon.process.signal("SIGSTOP");
  await host.batch(routes("add"));
  daemon.process.signal("SIGCONT");
  await daemon.line(/notifications were lost \(\d+ so far\)/);
});

function routes(op: "add" | "delete"): string[] {
  return Array.from({ length: 200 }, (_, i) => `route ${op} 198.51.100.${i}/32 dev em2`);
}
