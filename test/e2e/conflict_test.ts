// Tables that belong to somebody else: that interface is skipped, the others go on, and it heals by itself.

import assert from "node:assert/strict";
import { families, type Family } from "../lab/addressing.ts";
import { routes, rules, sourceRules, state } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { Daemon, symrouted } from "../lab/symrouted.ts";

/** Somebody else's rule and route, as `ip` takes and prints them. */
const theirs: Record<Family, { rule: string; route: string }> = {
  IPv4: { rule: "from 198.51.100.7 lookup 1002", route: "203.0.113.128/25 dev em2" },
  IPv6: { rule: "from 2001:db8:f0::7 lookup 1002", route: "2001:db8:f0::/48 dev em2" },
};

scenarios("somebody else's rule to the table", async ({ host }, family) => {
  const { rule } = theirs[family];
  await host.batch([`rule add ${rule} priority 5000`], family);
  const { stderr } = await symrouted(host, ["--once"]);
  assert.match(stderr, new RegExp(`^symrouted: .*em1.*${rule}`, "m"));
  const [second] = await sourceRules(host, family);
  assert.match(second, / lookup 1003$/);
  assert.equal((await sourceRules(host, family)).length, 1);
  assert.deepEqual(await routes(host, 1002, family), []);
  assert.ok((await rules(host, family)).includes(`5000: ${rule}`));
});

scenarios("somebody else's route in the table", async ({ host }, family) => {
  const { route } = theirs[family];
  await host.ip(`route add ${route} table 1002 proto 116`);
  const before = await routes(host, 1002, family);
  const { stderr } = await symrouted(host, ["--once"]);
  assert.match(stderr, new RegExp(`^symrouted: .*em1.*${route}`, "m"));
  assert.deepEqual(await routes(host, 1002, family), before);
  const found = await sourceRules(host, family);
  assert.equal(found.length, 1);
  assert.match(found[0], / lookup 1003$/);
});

scenarios("a table whose routes all leave by the interface is taken", async ({ host, ...world }, family) => {
  const { gateway } = world.uplinks[0][family];
  await host.ip(`route add default via ${gateway} dev em1 table 1002 metric 105`);
  const { code, stderr } = await symrouted(host, ["--once"]);
  assert.equal(code, 0, stderr);
  assert.equal((await sourceRules(host, family)).length, 2);
});

scenario("a conflict on every interface is bad configuration", async ({ host }) => {
  for (const family of families) {
    const { rule } = theirs[family];
    await host.batch([`rule add ${rule}`, `rule add ${rule.replace("1002", "1003")}`], family);
  }
  const before = await state(host);
  const { code, stderr } = await symrouted(host, ["--once"]);
  assert.equal(code, 6, stderr);
  assert.match(stderr, /^symrouted: .*em1/m);
  assert.match(stderr, /^symrouted: .*em2/m);
  assert.equal(await state(host), before);
});

scenarios("the daemon takes the table when the rule goes", async ({ host }, family) => {
  const { rule } = theirs[family];
  await host.batch([`rule add ${rule}`], family);
  await using daemon = await Daemon.start(host);
  await daemon.line(new RegExp(`em1.*${rule}`));
  assert.equal((await sourceRules(host, family)).length, 1);
  await host.batch([`rule delete ${rule}`], family);
  await eventually(async () => {
    assert.equal((await sourceRules(host, family)).length, 2);
    assert.match((await routes(host, 1002, family)).join("\n"), /^default via .* dev em1 /m);
  });
});

scenarios("the daemon takes the table when the route goes", async ({ host }, family) => {
  const { route } = theirs[family];
  await host.ip(`route add ${route} table 1002`);
  await using _daemon = await Daemon.start(host);
  assert.equal((await sourceRules(host, family)).length, 1);
  await host.ip(`route delete ${route} table 1002`);
  await eventually(async () => assert.equal((await sourceRules(host, family)).length, 2));
});

scenarios("once taken, a table's foreign rules and routes are left alone", async ({ host }, family) => {
  const { rule, route } = theirs[family];
  await using daemon = await Daemon.start(host);
  await host.batch([`rule add ${rule} priority 5000`], family);
  await host.ip(`route add ${route} table 1002 proto 116`);
  await daemon.line(new RegExp(rule));
  // Something that makes the daemon plan anew, so that it has looked at both.
  await host.ip(
    `${family === "IPv4" ? "address add 10.0.0.88/16" : "address add 2001:db8:1::88/64 nodad"} dev em1`,
  );
  await eventually(async () => assert.equal((await sourceRules(host, family)).length, 3));
  assert.ok((await rules(host, family)).includes(`5000: ${rule}`));
  assert.match((await routes(host, 1002, family)).join("\n"), new RegExp(`^${route}`, "m"));
});

scenario("another --table-base goes round a conflict", async ({ host }) => {
  await host.batch([`rule add ${theirs.IPv4.rule}`]);
  const { code, stderr } = await symrouted(host, ["--once", "--table-base", "3000"]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(await sourceRules(host, "IPv4"), [
    "from 10.0.0.2 lookup 3002",
    "from 192.168.0.2 lookup 3003",
  ]);
});
