// The options that choose interfaces and numbers, and those that only tell.

import assert from "node:assert/strict";
import { families } from "../lab/addressing.ts";
import { lines, routes, rules, sourceRules, state } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { once, program, symrouted } from "../lab/symrouted.ts";

const choices: [string, number[]][] = [
  ["--interface em2", [1003]],
  ["--interface em[13]", [1002, 1004]],
  ["--interface em1 --interface em3", [1002, 1004]],
  ["--interface em? --exclude em2", [1002, 1004]],
  ["--exclude em2", [1002, 1004]],
  ["--exclude em2 --exclude *1", [1004]],
  ["--exclude em2 --interface em2 --interface em1", [1002]],
  ["--exclude *", []],
];

for (const [args, tables] of choices) {
  scenarios(`${args} chooses interfaces`, async (world, family) => {
    await once(world.host, args.split(" "));
    const found = (await sourceRules(world.host, family)).map((rule) => Number(rule.split(" ").at(-1)));
    assert.deepEqual(found.sort(), tables);
    for (const { table } of world.uplinks) {
      assert.equal((await routes(world.host, table, family)).length > 0, tables.includes(table), `${table}`);
    }
  }, { uplinks: 3 });
}

scenario("an interface that is excluded later is cleared away", async ({ host }) => {
  await once(host, ["--exclude", "em2"]);
  const before = await state(host);
  await once(host);
  await once(host, ["--exclude", "em2"]);
  assert.equal(await state(host), before);
});

scenarios("--table-base moves tables and rules, and leaves nothing of the old", async ({ host }, family) => {
  await once(host);
  const [before] = [await routes(host, 1003, family)];
  await once(host, ["--table-base", "5000"]);
  assert.deepEqual((await sourceRules(host, family)).map((rule) => rule.split(" ").at(-1)), ["5002", "5003"]);
  assert.deepEqual(await routes(host, 5003, family), before);
  for (const table of [1002, 1003]) assert.deepEqual(await routes(host, table, family), []);
});

scenarios("--priority moves the rules, and leaves nothing of the old", async ({ host }, family) => {
  await once(host);
  await once(host, ["--priority", "20000"]);
  const ours = (await rules(host, family)).filter((rule) => rule.endsWith(" proto 115"));
  assert.equal(ours.length, 2);
  for (const rule of ours) assert.match(rule, /^20000: from /);
});

scenarios("--protocol marks the rules, and --flush with it removes them", async ({ host }, family) => {
  const before = await state(host);
  await once(host, ["--protocol", "116"]);
  assert.deepEqual(await sourceRules(host, family), []);
  assert.equal((await rules(host, family)).filter((rule) => rule.endsWith(" proto 116")).length, 2);
  assert.equal((await symrouted(host, ["--flush", "--protocol", "116"])).code, 0);
  assert.equal(await state(host), before);
});

scenario("--log-level error keeps warnings back, --log-level debug says more than info", async ({ host }) => {
  const said = async (level: string) => {
    const { code, stderr } = await symrouted(host, ["--once", "--exclude", "nosuch*", "--log-level", level]);
    assert.equal(code, 0, stderr);
    return lines(stderr).length;
  };
  assert.equal(await said("error"), 0);
  assert.equal(await said("warn"), 1);
  assert.ok(await said("debug") > await said("info"));
});

scenario("a daemon at --log-level error works and keeps still", async ({ host }) => {
  await using daemon = host.spawn([...program(), "--log-level", "error"]);
  await eventually(async () => {
    for (const family of families) assert.equal((await sourceRules(host, family)).length, 2);
  });
  assert.equal(await daemon.stop(), 0);
  assert.equal(daemon.text, "");
});

scenario("--help names every option", async ({ host }) => {
  const { code, stdout, stderr } = await symrouted(host, ["--help"]);
  assert.equal(code, 0, stderr);
  const options = [
    ...["--once", "--dry-run", "--flush", "--dump", "--set-route-metric", "--interface", "--exclude"],
    ...[
      "--role",
      "--rules",
      "--connmark",
      "--table-base",
      "--priority",
      "--mark-priority",
      "--mark-mask",
      "--protocol",
      "--log-level",
      "--help",
      "--version",
    ],
  ];
  for (const option of options) assert.ok(stdout.includes(option), `${option} is not in:\n${stdout}`);
});

scenario("--version tells the release, libnl's version and whose it is, and Deno's", async ({ host }) => {
  const { code, stdout } = await symrouted(host, ["--version"]);
  assert.equal(code, 0);
  const lines = stdout.split("\n");
  assert.match(lines[0], /^symrouted \d+\.\d+\.\d+(-\w+)?$/);
  assert.match(lines[1], /^libnl 3\.\d+\.\d+, the system's$/);
  assert.match(lines[2], /^Deno \d+\.\d+\.\d+, (x86_64|aarch64)$/);
  assert.deepEqual(lines.slice(3), [""]);
});

scenario("--dump shows what the kernel has, and then the work is done", async ({ host, uplinks }) => {
  const { code, stdout, stderr } = await symrouted(host, ["--once", "--dump"]);
  assert.equal(code, 0, stderr);
  const text = stdout + stderr;
  for (const { device, IPv4, IPv6 } of uplinks) {
    assert.match(text, new RegExp(`\\b${device}\\b`));
    assert.ok(text.includes(`default via ${IPv4.gateway} dev ${device} proto static metric`), text);
    assert.ok(text.includes(`default via ${IPv6.gateway} dev ${device} proto static metric`), text);
    for (const { address, length } of [IPv4, IPv6]) assert.ok(text.includes(`${address}/${length}`), text);
  }
  assert.match(text, /from all lookup (main|254)/);
  assert.doesNotMatch(text, /from \S+ lookup 1003/);
  for (const family of families) assert.equal((await sourceRules(host, family)).length, 2);
});
