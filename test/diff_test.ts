// The order of writes: at no moment a wrong answer. Random worlds are in diff/property_test.ts.

import assert from "node:assert/strict";
import { assertCommands, decide, settle } from "./model/decide.ts";
import { readWorld } from "./model/world.ts";

const host = { links: "2: em1 up\n3: em2 up", addresses: "10.0.0.2/16 dev em1" };
const rule = "27200: from 10.0.0.2 lookup 1002 proto 115";

/** From em1's table as it is to main as it is, as commands without their common words. */
function changes(main: string, table: string): string[] {
  const mirrored = table.split("\n").map((line) => line.trim()).filter((line) => line !== "")
    .map((line) => `${line} table 1002`);
  const decision = settle(readWorld({ ...host, routes: `${main}\n${mirrored.join("\n")}`, rules: rule }));
  return decision.commands.map((command) =>
    command.replace("ip route ", "").replace(" dev em1 table 1002 proto boot", "")
  );
}

Deno.test("the rule comes before the first route, and the longest prefix goes in first", () => {
  assertCommands(
    {
      ...host,
      routes: `
        default via 10.0.0.1 dev em1
        10.0.0.0/16 dev em1 scope link metric 7
        10.0.0.0/16 dev em1 scope link
        10.0.7.0/24 via 10.0.0.9 dev em1
        10.0.7.7 via 10.0.0.9 dev em1`,
    },
    `
    ip rule add from 10.0.0.2 lookup 1002 priority 27200 protocol 115
    ip route append 10.0.7.7 via 10.0.0.9 dev em1 table 1002 proto boot
    ip route append 10.0.7.0/24 via 10.0.0.9 dev em1 table 1002 proto boot
    ip route append 10.0.0.0/16 dev em1 table 1002 proto boot scope link
    ip route append 10.0.0.0/16 dev em1 table 1002 proto boot scope link metric 7
    ip route append default via 10.0.0.1 dev em1 table 1002 proto boot`,
  );
});

Deno.test("new comes before old: a route that moves to another metric", () => {
  assert.deepEqual(changes("default via 10.0.0.1 dev em1 metric 5", "default via 10.0.0.1 dev em1"), [
    "append default via 10.0.0.1 metric 5",
    "del default via 10.0.0.1",
  ]);
});

Deno.test("deletes come after all adds, of whatever prefix, the longest last", () => {
  const main = "10.7.0.0/24 via 10.0.0.1 dev em1";
  const table =
    "10.7.0.0/16 via 10.0.0.1 dev em1\n10.7.1.1 via 10.0.0.1 dev em1\ndefault via 10.0.0.1 dev em1";
  assert.deepEqual(changes(main, table), [
    "append 10.7.0.0/24 via 10.0.0.1",
    "del default via 10.0.0.1",
    "del 10.7.0.0/16 via 10.0.0.1",
    "del 10.7.1.1 via 10.0.0.1",
  ]);
});

Deno.test("of several old routes of one prefix the one in use goes last", () => {
  assert.deepEqual(
    changes(
      "10.7.0.0/24 via 10.0.0.1 dev em1",
      "default via 10.0.0.1 dev em1 metric 5\ndefault via 10.0.0.9 dev em1 metric 7",
    ),
    [
      "append 10.7.0.0/24 via 10.0.0.1",
      "del default via 10.0.0.9 metric 7",
      "del default via 10.0.0.1 metric 5",
    ],
  );
});

Deno.test("of several metrics of one prefix the best goes last, also where a worse one stays", () => {
  const [worse, bad] = [
    "10.7.0.0/24 via 10.0.0.2 dev em1 metric 9",
    "10.7.0.0/24 via 10.0.0.9 dev em1 metric 9",
  ];
  assert.deepEqual(changes(worse, `unreachable 10.7.0.0/24\n${bad}\n${worse}`), [
    "del 10.7.0.0/24 via 10.0.0.9 metric 9",
    "del unreachable 10.7.0.0/24 table 1002 proto boot",
  ]);
});

const one = "default via 10.0.0.1 dev em1",
  two = "default via 10.0.0.2 dev em1",
  three = "default via 10.0.0.3 dev em1";
const stacks: [name: string, main: string[], table: string[], steps: string[]][] = [
  ["as it is", [one, two], [one, two], []],
  ["new at the end", [one, two], [one], ["append default via 10.0.0.2"]],
  ["new in front of what stays", [two, one], [one], ["prepend default via 10.0.0.2"]],
  ["another in its place", [two], [one], ["replace default via 10.0.0.2"]],
  ["the same with an mtu", [`${one} mtu 1400`], [one], ["replace default via 10.0.0.1 mtu 1400"]],
  ["the last goes", [one], [one, two], ["del default via 10.0.0.2"]],
  ["the first goes", [two], [one, two], ["del default via 10.0.0.1"]],
  ["turned round", [two, one], [one, two], ["del default via 10.0.0.1", "append default via 10.0.0.1"]],
  ["new in the middle", [one, three, two], [one, two], [
    "append default via 10.0.0.3",
    "del default via 10.0.0.2",
    "append default via 10.0.0.2",
  ]],
];
for (const [name, main, table, steps] of stacks) {
  Deno.test(`IPv4 routes of one metric: ${name}`, () =>
    assert.deepEqual(changes(main.join("\n"), table.join("\n")), steps));
}

Deno.test("a source that a route has and its successor has not: what is deleted is the old one", () => {
  const main = `${two}\n${one} src 10.0.0.2`;
  settle(readWorld({ ...host, routes: `${main}\n${three} table 1002\n${one} table 1002`, rules: rule }));
});

Deno.test("a delete of a multipath route fits one in front with its first next hop: what goes is the old one", () => {
  const both = "default nexthop via 10.0.0.1 dev em1 nexthop via 10.0.0.2 dev em1";
  settle(readWorld({ ...host, routes: `${one}\n${one} table 1002\n${both} table 1002`, rules: rule }));
});

Deno.test("a foreign route that stands in front in our table is not replaced", () => {
  const world = readWorld({
    ...host,
    addresses: "10.0.0.2/16 dev em1\n10.3.0.2/24 dev em2",
    routes: `
      default via 10.0.0.1 dev em1
      10.3.0.0/24 dev em2 scope link
      default via 10.3.0.9 dev em2 proto bird table 1002
      default via 10.0.0.7 dev em1 table 1002`,
    rules: rule,
  });
  const decision = settle(world);
  assert.deepEqual(decision.foreign, ["default via 10.3.0.9 dev em2 table 1002 proto bird"]);
  assert.ok(
    !decision.commands.some((command) => command.includes("route replace")),
    decision.commands.join("\n"),
  );
});

Deno.test("IPv6: one route of a metric is replaced in place", () => {
  assertCommands(
    {
      links: host.links,
      addresses: "2001:db8::2/64 dev em1",
      routes6: `
      default via fe80::1 dev em1 metric 1024 mtu 1400
      default via fe80::1 dev em1 metric 1024 table 1002
      default via fe80::9 dev em1 metric 2048 table 1002`,
      rules6: "27200: from 2001:db8::2 lookup 1002 proto 115",
    },
    `
    ip -6 route replace default via fe80::1 dev em1 table 1002 proto boot metric 1024 mtu 1400
    ip -6 route del default via fe80::9 dev em1 table 1002 proto boot metric 2048`,
  );
});

Deno.test("IPv6: a multipath route is written whole", () => {
  const hops = "nexthop via fe80::1 dev em1 weight 1 nexthop via fe80::2 dev em1 weight 1";
  assertCommands({
    links: host.links,
    addresses: "2001:db8::2/64 dev em1",
    routes6: `
      2001:db8:7::/48 metric 1024 ${hops}
      2001:db8:7::/48 via fe80::1 dev em1 metric 1024 table 1002`,
    rules6: "27200: from 2001:db8::2 lookup 1002 proto 115",
  }, `ip -6 route replace 2001:db8:7::/48 table 1002 proto boot metric 1024 ${hops}`);
});

Deno.test("an address that moves: the rule to its new table comes before the old one goes", () => {
  const { commands } = settle(readWorld({
    links: host.links,
    addresses: "10.0.0.2/16 dev em2",
    routes: "default via 10.0.0.1 dev em2\ndefault via 10.0.0.1 dev em2 table 1002",
    rules: rule,
  }));
  const added = commands.findIndex((command) => command.startsWith("ip rule add from 10.0.0.2 lookup 1003"));
  const gone = commands.findIndex((command) => command.startsWith("ip rule del from 10.0.0.2 lookup 1002"));
  assert.ok(added >= 0 && added < gone, commands.join("\n"));
});

Deno.test("a rule that leads to a reused table goes before anything is added to that", () => {
  const { first } = decide(readWorld({
    links: host.links,
    addresses: "10.0.0.2/16 dev em2\n10.9.0.2/16 dev em1",
    routes: "default via 10.0.0.1 dev em2\ndefault via 10.9.0.1 dev em1 metric 5",
    rules: rule,
  }));
  const gone = first.findIndex((change) => change.op === "delete-rule");
  const added = first.findIndex((change) => "key" in change && change.table === 1002);
  assert.ok(gone >= 0 && gone < added, JSON.stringify(first));
});

Deno.test("a rule into a table that has routes comes only when those are right", () => {
  const { commands } = settle(readWorld({
    ...host,
    routes: "default via 10.0.0.1 dev em1\n10.7.0.0/16 via 10.0.0.66 dev em1 table 1002",
  }));
  assert.match(commands.at(-1)!, /^ip rule add from 10.0.0.2 lookup 1002 /);
});

Deno.test("a second address joins a table that is right at once", () => {
  assertCommands({
    ...host,
    addresses: "10.0.0.2/16 dev em1\n10.0.0.3/16 dev em1",
    routes: "default via 10.0.0.1 dev em1\ndefault via 10.0.0.1 dev em1 table 1002",
    rules: rule,
  }, "ip rule add from 10.0.0.3 lookup 1002 priority 27200 protocol 115");
});

Deno.test("decisions need neither a kernel nor its library", async () => {
  for (const folder of ["../src/model", "../src/plan"]) {
    for await (const { name } of Deno.readDir(new URL(folder, import.meta.url))) {
      await assertPure(`${folder}/${name}`);
    }
  }
  await assertPure("../src/diff.ts");
});

async function assertPure(file: string): Promise<void> {
  const source = await Deno.readTextFile(new URL(file, import.meta.url));
  for (const [, imported] of source.matchAll(/from "([^"]+)"/g)) {
    assert.doesNotMatch(imported, /ffi\/|kernel\/|^node:|^npm:/, file);
  }
  assert.doesNotMatch(source, /\bDeno\.|Date\.now|performance\./, file);
}
