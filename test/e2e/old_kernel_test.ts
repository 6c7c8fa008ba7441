// Kernels that lack something: what is needed is asked for in words, and without the rest everything is the same.

import assert from "node:assert/strict";
import { families } from "../lab/addressing.ts";
import { eventuallyMirrored } from "../lab/expect.ts";
import { faulty } from "../lab/faults.ts";
import { assertBroken, assertCured, sourceRules, state } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";
import { Daemon, once, symrouted } from "../lab/symrouted.ts";

scenario(
  "a kernel that does not mark rules (before 4.17) is told of, and nothing is changed",
  async ({ host }) => {
    const marked = await state(host);
    for (const args of [["--once"], ["--dry-run"], ["--flush"], []]) {
      const { code, stdout, stderr } = await symrouted(host, args, { env: await faulty({ kernel: 416 }) });
      assert.equal(code, 1, stdout);
      assert.equal(stdout, "");
      assert.equal(
        stderr,
        "symrouted: read the rules: this kernel does not tell whose they are: Linux 4.17 or newer is needed\n",
      );
      assert.equal(await state(host), marked);
    }
  },
);

scenario("one that neither checks dumps (before 4.20) nor has next hop objects will do", async (world) => {
  const { host } = world;
  const env = await faulty({ kernel: 417 });
  const before = await state(host);
  for (const family of families) await assertBroken(world, family);
  await once(host, [], { env });
  assert.match(await once(host, [], { env }), /^symrouted: nothing to do; 4 rules, 10 routes in place/);
  {
    await using daemon = await Daemon.start(host, [], { env });
    for (const family of families) await assertCured(world, family);
    await host.batch([
      "address add 10.0.0.77/16 dev em1",
      "route add 198.51.100.0/24 via 192.168.0.1 dev em2",
    ]);
    await eventually(async () => {
      assert.ok((await sourceRules(host, "IPv4")).includes("from 10.0.0.77 lookup 1002"));
    });
    await eventuallyMirrored(host);
    // IPv4's routes go without a word: those of the interface are read again, among all others.
    await host.batch(["link set em2 down"]);
    await eventuallyMirrored(host);
    await host.batch(["address delete 10.0.0.77/16 dev em1"]);
    await eventuallyMirrored(host);
    assert.equal(await daemon.stop(), 0);
  }
  assert.equal((await symrouted(host, ["--flush"], { env })).code, 0);
  assert.doesNotMatch(await state(host), /proto 115|table 100\d/);
  assert.match(before, /lookup main/);
});
