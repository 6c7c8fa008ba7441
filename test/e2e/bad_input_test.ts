// Bad input: exit 2, one line that says what is wrong, and nothing changed.

import assert from "node:assert/strict";
import { lines, sourceRules, state } from "../lab/observe.ts";
import { families } from "../lab/addressing.ts";
import { scenario } from "../lab/scenario.ts";
import { symrouted } from "../lab/symrouted.ts";

/** Each call, and what its error has to name. */
const wrong: [string, RegExp][] = [
  ["--frobnicate", /frobnicate/],
  ["--once --frobnicate", /frobnicate/],
  ["-z", /z/],
  ["frobnicate", /frobnicate/],
  ["--once extra words", /extra/],
  ["--once --flush", /--flush|--once/],
  ["--once --set-route-metric", /set-route-metric/],
  ["--once --set-route-metric mtu", /mtu/],
  ["--once --set-route-metric mtu=", /mtu/],
  ["--once --set-route-metric =1400", /set-route-metric/],
  ["--once --set-route-metric mtu=abc", /abc/],
  ["--once --set-route-metric mtu=-1", /-1/],
  ["--once --set-route-metric mtu=1e3", /1e3/],
  ["--once --set-route-metric mtu=4294967296", /4294967296/],
  ["--once --set-route-metric mut=1400", /mut/],
  ["--once --set-route-metric rtt=soon", /soon/],
  ["--once --set-route-metric features=nonesuch", /nonesuch/],
  ["--once --set-route-metric metric=5", /metric/],
  ["--once --table-base", /table-base/],
  ["--once --table-base many", /many/],
  ["--once --table-base 255", /255/],
  ["--once --table-base 4294967295", /4294967295/],
  ["--once --table-base 1000.5", /1000\.5/],
  ["--once --priority high", /high/],
  ["--once --priority -5", /-5/],
  ["--once --priority 4294967296", /4294967296/],
  ["--once --mark-priority 0", /mark-priority/],
  ["--once --mark-priority 32765", /32765/],
  ["--once --mark-priority mine", /mine/],
  ["--once --mark-mask 0", /mark-mask: 0 is no mask/],
  ["--once --mark-mask 0x100", /0x100 .*two bits/],
  ["--once --mark-mask 0x5", /0x5 /],
  ["--once --mark-mask 0x300000000", /0x300000000/],
  ["--once --mark-mask 0xfg", /0xfg/],
  ["--once --mark-mask -1", /mark-mask/],
  ["--connmark --mark-priority 27200", /--mark-priority 27200 .*lower than --priority, which is 27200/],
  ["--dry-run --connmark --priority 20000", /--mark-priority 27000 .*20000/],
  ["--once --connmark --priority 32666", /--priority 32666 .*at most 32665/],
  ["--once --protocol ours", /ours/],
  ["--once --protocol 256", /256/],
  ["--once --log-level loud", /loud/],
  ["completions", /SHELL/],
  ["completions tcsh", /tcsh.*bash, zsh, fish/],
  ["completions bash more", /more/],
  ["completions bash --once", /once/],
  ["--once --role em1", /em1/],
  ["--once --role em1=boss", /boss/],
  ["--once --role =uplink", /role/],
];

for (const [args, named] of wrong) {
  scenario(`\`symrouted ${args}\` is bad usage`, async ({ host }) => {
    const before = await state(host);
    const { code, stdout, stderr } = await symrouted(host, args.split(" "));
    assert.equal(code, 2, stdout + stderr);
    assert.match(stderr, /^symrouted: [^\n]+\n$/);
    assert.match(stderr, named);
    assert.equal(stdout, "");
    assert.equal(await state(host), before);
  });
}

scenario("a glob that matches no interface is worth a warning, and the rest goes on", async ({ host }) => {
  const { code, stderr } = await symrouted(host, ["--once", "--exclude", "nosuch*"]);
  assert.equal(code, 0, stderr);
  assert.equal(lines(stderr).length, 1);
  assert.match(stderr, /^symrouted: .*nosuch\*/);
  for (const family of families) assert.equal((await sourceRules(host, family)).length, 2);
});

scenario("so is one of --interface, and one of --role", async ({ host }) => {
  const args = ["--once", "--interface", "em*", "--interface", "nosuch0", "--role", "nosuch1=stub"];
  const { code, stderr } = await symrouted(host, args);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^symrouted: .*nosuch0/m);
  assert.match(stderr, /^symrouted: .*nosuch1/m);
  for (const family of families) assert.equal((await sourceRules(host, family)).length, 2);
});
