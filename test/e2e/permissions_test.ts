// Once it runs the daemon has given up what Deno would let it do, and does all that it is for.

import assert from "node:assert/strict";
import { sourceRules } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";

const revealing = new URL("../lab/revealing.ts", import.meta.url).pathname;

scenario("a daemon has no permission left, and follows all the same", async (world) => {
  const { host } = world;
  await using process = host.spawn([Deno.execPath(), "run", "-A", "--cached-only", "--no-prompt", revealing]);
  await process.line(/ ready: 4 rules, 10 routes in place$/, { within: 20_000 });
  process.signal("SIGHUP");
  const { states, open } = JSON.parse((await process.line(/^\{/)).text);
  assert.deepEqual(new Set(Object.values(states)), new Set(["prompt"]));
  assert.deepEqual(open, []);
  await host.ip("address add 10.0.0.77/16 dev em1");
  await host.ip("-6 address add 2001:db8:1::77/64 dev em1 nodad");
  await eventually(async () => {
    assert.ok((await sourceRules(host, "IPv4")).includes("from 10.0.0.77 lookup 1002"));
    assert.ok((await sourceRules(host, "IPv6")).includes("from 2001:db8:1::77 lookup 1002"));
  });
  // What it has to say of a failure, too, comes from C.
  await host.ip("link delete em2");
  await eventually(async () => assert.equal((await sourceRules(host, "IPv4")).length, 2));
  assert.equal(await process.stop(), 0);
});
