// Rules of connection marks: in which order they change, and which are ours.

import assert from "node:assert/strict";
import { assertCommands, decide, settle, type Wish } from "../model/decide.ts";
import { readWorld } from "../model/world.ts";
import { em1, em2, host, past, settled, sources, tables } from "./marked_world.ts";

const wish: Wish = { connmark: true };

Deno.test("a mark's rule to a table that is now another's goes before anything is put there", () => {
  const { first, commands } = decide(
    readWorld({
      links: "2: new up\n9: em1 up",
      addresses: "10.8.0.2/16 dev new\n10.0.0.2/16 dev em1",
      routes: "default via 10.0.0.1 dev em1\ndefault via 10.8.0.1 dev new metric 5",
      rules: `${em1}\n${past}\n27200: from 10.0.0.2 lookup 1009 proto 115`,
      marks: "em1 0x01000000",
    }),
    wish,
  );
  const at = (text: string) => commands.findIndex((command) => command.startsWith(text));
  const added = at("ip rule add from all fwmark 0x1000000/0x7f000000 lookup 1009 ");
  const gone = at("ip rule del from all fwmark 0x1000000/0x7f000000 lookup 1002 ");
  const filled = at("ip route append default via 10.8.0.1 dev new table 1002 ");
  assert.ok(0 <= added && added < gone && gone < filled && filled < first.length, commands.join("\n"));
});

Deno.test("a mark's rule to a table with old routes comes when those are right", () => {
  const { commands } = settle(
    readWorld({
      ...host,
      routes:
        `${host.routes}\ndefault via 10.0.0.77 dev em1 table 1002\n10.7.0.0/16 via 10.0.0.1 dev em1 table 1002`,
      rules: sources,
    }),
    wish,
  );
  assert.match(commands.at(-1)!, /^ip rule add from all fwmark 0x1000000/);
});

Deno.test("another --priority: the place to go on at is new before it is gone to, and old when nobody goes there", () => {
  const { commands } = settle(readWorld(settled), { ...wish, priority: 27100 });
  assert.deepEqual(commands.filter((command) => /goto|nop/.test(command)), [
    "ip rule add from all nop priority 27200 protocol 115",
    // The kernel has no two that differ in where they go on alone.
    "ip rule del from all fwmark 0x7f000000/0x7f000000 goto 27300 priority 27000 protocol 115",
    "ip rule add from all fwmark 0x7f000000/0x7f000000 goto 27200 priority 27000 protocol 115",
    "ip rule del from all nop priority 27300 protocol 115",
  ]);
});

Deno.test("another --mark-priority moves the rules of marks, new before old", () => {
  assertCommands(
    settled,
    `
    ip rule add from all fwmark 0x1000000/0x7f000000 lookup 1002 priority 99 protocol 115
    ip rule add from all fwmark 0x2000000/0x7f000000 lookup 1003 priority 99 protocol 115
    ip rule add from all fwmark 0x7f000000/0x7f000000 goto 27300 priority 99 protocol 115
    ip rule del from all fwmark 0x1000000/0x7f000000 lookup 1002 priority 27000 protocol 115
    ip rule del from all fwmark 0x2000000/0x7f000000 lookup 1003 priority 27000 protocol 115
    ip rule del from all fwmark 0x7f000000/0x7f000000 goto 27300 priority 27000 protocol 115`,
    { ...wish, markPriority: 99 },
  );
});

const marksGone = `
  ip rule del from all fwmark 0x1000000/0x7f000000 lookup 1002 priority 27000 protocol 115
  ip rule del from all fwmark 0x2000000/0x7f000000 lookup 1003 priority 27000 protocol 115
  ip rule del from all fwmark 0x7f000000/0x7f000000 goto 27300 priority 27000 protocol 115`;

Deno.test("without the option, rules of marks go, and no route", () => {
  assertCommands(settled, `${marksGone}\nip rule del from all nop priority 27300 protocol 115`);
});

Deno.test("--flush takes all of it away, with or without the option", () => {
  for (const connmark of [true, false]) {
    assertCommands(
      settled,
      `
      ip route del default via 10.3.0.1 dev em2 table 1003 proto static metric 9
      ip route del default via 10.0.0.1 dev em1 table 1002 proto static
      ${marksGone}
      ip rule del from 10.0.0.2 lookup 1002 priority 27200 protocol 115
      ip rule del from 10.3.0.2 lookup 1003 priority 27200 protocol 115
      ip rule del from all nop priority 27300 protocol 115`,
      { connmark, flush: true },
    );
    assert.equal(decide(readWorld(settled), { connmark, flush: true }).plan.marks, undefined);
  }
});

Deno.test("a table that only a mark's rule leads to is ours: its routes stay, and go when it does", () => {
  const world = {
    links: "2: em1 up",
    addresses: "",
    routes: "default via 10.0.0.1 dev em1\ndefault via 10.0.0.1 dev em1 table 1002",
    rules: `${em1}\n${past}`,
  };
  assertCommands(world, "", wish);
  assertCommands(
    world,
    [
      "ip route del default via 10.0.0.1 dev em1 table 1002 proto boot",
      ...marksGone.trim().split("\n").filter((line) => !line.includes("0x2000000")),
      "ip rule del from all nop priority 27300 protocol 115",
    ].join("\n"),
  );
});

Deno.test("of another table base, a mark's table is its interface's, whose rules and routes move", () => {
  const world = {
    ...settled,
    routes: host.routes + tables + "\n10.96.0.0/12 via 10.3.0.9 dev em2 table 1002 proto bird",
  };
  const { plan, foreign } = settle(readWorld({ ...world, rules: `${em1}\n${em2}\n${past}` }), {
    ...wish,
    tableBase: 5000,
  });
  assert.deepEqual(plan.families[4].released.map(({ table, ifindex }) => [table, ifindex]), [[1002, 2], [
    1003,
    3,
  ]]);
  assert.deepEqual(foreign, ["10.96.0.0/12 via 10.3.0.9 dev em2 table 1002 proto bird"]);
});

const notOurs = [
  "27000: from all fwmark 0x1000000/0x7f000000 lookup 1002 proto 116",
  "27000: from all fwmark 0x1000000/0xff000000 lookup 1002 proto 115",
  "27000: from all fwmark 0x1000000 lookup 1002 proto 115",
  "27000: from all fwmark 0x1000000/0x7f000000 iif em1 lookup 1002 proto 115",
  "27000: from all to 10.0.0.0/8 fwmark 0x1000000/0x7f000000 lookup 1002 proto 115",
  "27000: from all fwmark 0x1000000/0x7f000000 sport 80 lookup 1002 proto 115",
  "27000: from all fwmark 0x1000000/0x7f000000 lookup 52 proto 115",
  "27000: from 10.0.0.2 fwmark 0x1000000/0x7f000000 lookup 1002 proto 115",
  "27000: from all fwmark 0x1000000/0x7f000000 blackhole proto 115",
  "27300: from all nop proto 116",
  "27300: from 10.0.0.2 nop proto 115",
  "27000: from all goto 27300 proto 115",
];
for (const rule of notOurs) {
  Deno.test(`another program's, or another option's: ${rule}`, () => {
    const decision = settle(readWorld({ ...host, rules: rule }), { ...wish, flush: true });
    assert.deepEqual(decision.commands, []);
  });
}
