// Another program undoes what symrouted does: once, it is put right; again and again, nobody is fought at full speed.

import assert from "node:assert/strict";
import { flag } from "../lab/addressing.ts";
import { state } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { Daemon } from "../lab/symrouted.ts";

scenarios("rules and routes that another program removes come back", async (world, family) => {
  await using _daemon = await Daemon.start(world.host);
  const before = await state(world.host);
  const rule = `from ${world.uplink(2)[family].address} lookup 1003`;
  for (
    const command of [`rule delete ${rule}`, "route flush table 1003", "route delete default table 1002"]
  ) {
    await world.host.ip(`${flag(family)} ${command}`);
    await eventually(async () => assert.equal(await state(world.host), before), { within: 1000 });
  }
});

/** Removes what the daemon writes as soon as it is there, until it is killed. */
const vandal = (command: string) => `while :; do ${command}; sleep 0.01; done`;

for (const [what, command] of [["table", "route flush table 1003"], ["rules", "rule delete lookup 1003"]]) {
  scenarios(`a fight over the ${what} is told of once, costs little, and ends`, async (world, family) => {
    await using daemon = await Daemon.start(world.host);
    const before = await state(world.host);
    await using fighter = world.host.spawn(["sh", "-c", vandal(`ip ${flag(family)} ${command} 2>/dev/null`)]);
    await daemon.line(/another program keeps changing/, { within: 5000 });
    const writes = await world.host.run([
      "timeout",
      "2",
      "ip",
      flag(family),
      "monitor",
      what === "table" ? "route" : "rule",
    ]);
    const added = writes.stdout.split("\n").filter((line) =>
      line && !/^Deleted/.test(line) && /1003/.test(line)
    );
    assert.ok(added.length < 20, `written at full speed:\n${added.join("\n")}`);
    await fighter.stop("SIGKILL");
    await eventually(async () => assert.equal(await state(world.host), before), { within: 15_000 });
    const told = daemon.lines.filter((line) => /another program keeps changing/.test(line));
    assert.equal(told.length, 1, told.join("\n"));
  });
}

scenario("a rule of another program that the kernel takes for ours is told of once", async ({ host }) => {
  await using daemon = await Daemon.start(host);
  await host.ip("rule add not from 10.0.5.5 lookup 1002 priority 27200 protocol 115");
  await host.ip("address add 10.0.5.5/16 dev em1");
  await daemon.line(/rule add from 10\.0\.5\.5 .*stands in its place/, { within: 5000 });
  const told = daemon.lines.length;
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(daemon.lines.length, told, daemon.lines.join("\n"));
});
