// At no moment a wrong answer: the program makes its changes one by one, and after each of them the kernel's answer for
// every local address and every prefix is the one before, main's, or the final one.

import assert from "node:assert/strict";
import { crowdedHost } from "../lab/crowded.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { assertAllRight, stepThrough } from "../lab/steps.ts";
import { once } from "../lab/symrouted.ts";
import type { LonelyHost } from "../lab/lonely.ts";
import { perform, plans } from "./plans.ts";

/** Another call than the one that made all right. */
const calls: Record<string, string[]> = {
  "another priority": ["--priority", "20000"],
  "another table base": ["--table-base", "3000"],
  "a table base by which tables change hands": ["--table-base", "1001"],
  "a metric for every route": ["--set-route-metric", "mtu=1400"],
  "an uplink that is left out": ["--exclude", "em2"],
  "an uplink that an option makes inside": ["--role", "em2=inside"],
  "a network that an option makes an uplink": ["--role", "br0=uplink", "--role", "em3=stub"],
  "tables that are closed": ["--isolate"],
  "tables that are closed, but for a network that an option makes inside": [
    "--isolate",
    "--role",
    "lan=inside",
  ],
  "rules for prefixes": ["--rules", "per-prefix"],
  "rules for prefixes, and a metric for every route": [
    "--rules",
    "per-prefix",
    "--set-route-metric",
    "mtu=1400",
  ],
  "everything taken back": ["--flush"],
};

isolatedTest("a first fill", async () => {
  await using world = await crowdedHost();
  await assertNeverWrong(world, []);
});

isolatedTest("rules for addresses in place of those for prefixes", async () => {
  await using world = await crowdedHost();
  await once(world.host, ["--rules", "per-prefix"]);
  await assertNeverWrong(world, []);
});

isolatedTest("the rules of symrouted 1.0", async () => {
  await using world = await crowdedHost();
  await world.host.batch([
    "route add default via 10.0.0.9 dev em1 table 1002",
    "route add default via 192.168.0.1 dev em2 table 1003",
    "rule add from 10.0.0.2 lookup 1002",
    "rule add from 192.168.0.2 lookup 1003",
  ]);
  await assertNeverWrong(world, []);
});

for (const [name, { prepare, change }] of Object.entries(plans)) {
  isolatedTest(name, async () => {
    await using world = await crowdedHost();
    await perform(world, prepare);
    await once(world.host);
    await perform(world, change);
    await assertNeverWrong(world, []);
  });
}

for (const [name, args] of Object.entries(calls)) {
  isolatedTest(name, async () => {
    await using world = await crowdedHost();
    await once(world.host);
    await assertNeverWrong(world, args);
  });
}

isolatedTest("tables that are opened", async () => {
  await using world = await crowdedHost();
  await once(world.host, ["--isolate"]);
  await assertNeverWrong(world, []);
});

isolatedTest("closed tables, all taken back", async () => {
  await using world = await crowdedHost();
  await once(world.host, ["--isolate"]);
  await assertNeverWrong(world, ["--flush", "--isolate"]);
});

/** Steps through `--once` with these options, or `--flush`; everything is right then. */
async function assertNeverWrong({ host }: LonelyHost, args: string[]): Promise<void> {
  const call = args.includes("--flush") ? args : ["--once", ...args];
  const { code, stderr, steps } = await stepThrough(host, call);
  assert.equal(code, 0, stderr);
  assert.ok(steps > 0, "nothing was changed");
  await assertAllRight(host, args);
}
