// Connection marks: who has which mark, and the rules that lead them.

import assert from "node:assert/strict";
import {
  assertCommands,
  decide,
  type Decision,
  notesOn,
  settle,
  troubles,
  type Wish,
} from "../model/decide.ts";
import { readWorld, type WorldText } from "../model/world.ts";
import { host, settled } from "./marked_world.ts";

const wish: Wish = { connmark: true };
const [M1, M2, M3, MAIN] = [0x01000000, 0x02000000, 0x03000000, 0x7f000000];

/** Who has which mark, by name. */
function marksOf({ plan }: Decision): Record<string, number> {
  return Object.fromEntries(plan.marks!.uplinks.map(({ name, mark }) => [name, mark]));
}

function rememberedOf({ plan }: Decision): Record<string, number> {
  return Object.fromEntries(plan.marks!.remembered);
}

Deno.test("without --connmark nothing is marked", () => {
  const decision = settle(readWorld(host));
  assert.equal(decision.plan.marks, undefined);
  assert.ok(!decision.commands.some((command) => / fwmark | goto | nop /.test(command)));
});

Deno.test("each interface's mark leads to its table, main's past the rules of addresses; what is gone to comes first", () => {
  const { plan } = assertCommands(
    host,
    `
    ip rule add from all nop priority 27300 protocol 115
    ip rule add from 10.0.0.2 lookup 1002 priority 27200 protocol 115
    ip rule add from 10.3.0.2 lookup 1003 priority 27200 protocol 115
    ip rule add from all fwmark 0x1000000/0x7f000000 lookup 1002 priority 27000 protocol 115
    ip rule add from all fwmark 0x2000000/0x7f000000 lookup 1003 priority 27000 protocol 115
    ip rule add from all fwmark 0x7f000000/0x7f000000 goto 27300 priority 27000 protocol 115
    ip route append default via 10.0.0.1 dev em1 table 1002 proto static
    ip route append default via 10.3.0.1 dev em2 table 1003 proto static metric 9`,
    wish,
  );
  assert.deepEqual(plan.marks!.uplinks, [
    { name: "em1", ifindex: 2, mark: M1, families: [4] },
    { name: "em2", ifindex: 3, mark: M2, families: [4] },
  ]);
  assert.deepEqual([...plan.marks!.remembered], [["em1", M1], ["em2", M2]]);
});

Deno.test("where all is in place there is nothing to do", () => {
  assertCommands(settled, "", wish);
});

Deno.test("the numbers follow the options", () => {
  const { commands } = settle(readWorld(host), {
    ...{ connmark: true, markPriority: 99, markMask: 0xff00, priority: 500, tableBase: 5000, protocol: 200 },
  });
  assert.deepEqual(commands.filter((command) => command.includes(" rule ") && !command.includes(" 10.")), [
    "ip rule add from all nop priority 600 protocol 200",
    "ip rule add from all fwmark 0x100/0xff00 lookup 5002 priority 99 protocol 200",
    "ip rule add from all fwmark 0x200/0xff00 lookup 5003 priority 99 protocol 200",
    "ip rule add from all fwmark 0xff00/0xff00 goto 600 priority 99 protocol 200",
  ]);
});

for (const other of [{ rules: "per-prefix" }, { isolate: true }] as const) {
  Deno.test(`the same beside ${Object.keys(other)[0]}`, () => {
    const { plan, notes } = settle(readWorld(host), { ...wish, ...other });
    const marks = plan.families[4].rules.filter(({ from }) => from === undefined);
    assert.deepEqual(marks.map(({ priority, fwmark }) => [priority, fwmark]), [
      ...[[27000, M1], [27000, M2], [27300, undefined], [27000, MAIN]],
    ]);
    assert.ok(notes.every(({ kind }) => kind === "reason"));
  });
}

Deno.test("a stub has a mark too, behind uplinks; what is inside has none", () => {
  const decision = settle(
    readWorld({
      ...host,
      links: "2: st0 up\n3: em2 up\n4: em1 up\n6: br0 up kind bridge",
      addresses: "10.4.0.2/24 dev st0\n10.3.0.2/24 dev em2\n10.0.0.2/16 dev em1\n172.17.0.1/16 dev br0",
    }),
    wish,
  );
  assert.deepEqual(marksOf(decision), { em2: M1, em1: M2, st0: M3 });
});

Deno.test("an uplink with only link-local addresses has a table, and in the family that has it alone", () => {
  const world = {
    ...host,
    routes6: "default via fe80::1 dev em2 metric 1024\nfe80::/64 dev em2 metric 256",
  };
  const decision = settle(readWorld(world), wish);
  assert.deepEqual(decision.plan.marks!.uplinks.map(({ families }) => families), [[4], [4, 6]]);
  assert.deepEqual(decision.commands.filter((command) => command.startsWith("ip -6")), [
    "ip -6 rule add from all nop priority 27300 protocol 115",
    "ip -6 rule add from all fwmark 0x2000000/0x7f000000 lookup 1003 priority 27000 protocol 115",
    "ip -6 rule add from all fwmark 0x7f000000/0x7f000000 goto 27300 priority 27000 protocol 115",
    "ip -6 route replace fe80::/64 dev em2 table 1003 proto boot metric 256",
    "ip -6 route replace default via fe80::1 dev em2 table 1003 proto boot metric 1024",
    // Sockets of IPv6 ask for their way anew.
    "ip -6 rule add from all fwmark 0x2000000/0x7f000000 lookup 1003 priority 27001 protocol 115",
    "ip -6 rule del from all fwmark 0x2000000/0x7f000000 lookup 1003 priority 27001 protocol 115",
  ]);
  assert.deepEqual(notesOn("em2 (IPv6)", decision).filter((text) => text.includes("skipped")), []);
  assert.deepEqual(settle(readWorld(world)).commands.filter((command) => command.startsWith("ip -6")), []);
});

Deno.test("a family that the kernel does not have gets nothing, whatever an option says", () => {
  const world = { ...host, absent: [6] as const };
  const roles = [{ glob: "em*", role: "uplink" }] as const;
  const { commands } = settle(readWorld(world), { ...wish, roles });
  assert.deepEqual(commands.filter((command) => command.startsWith("ip -6")), []);
});

Deno.test("two interfaces with one address are told apart by their marks", () => {
  const world = { ...host, addresses: "10.0.0.2/16 dev em1\n10.0.0.2/16 dev em2" };
  const { plan } = settle(readWorld(world), wish);
  assert.deepEqual(plan.families[4].rules.map(({ table }) => table), [1002, 1003, 0, 0]);
});

/** What the kernel has, and the marks that follow. */
const stays: [what: string, world: Partial<WorldText>, marks: Record<string, number>][] = [
  ["one that is new gets the lowest that nobody has", {
    links: "2: em1 up\n3: em2 up\n4: em0 up",
    addresses: `${host.addresses}\n10.9.0.2/16 dev em0`,
    routes: `${settled.routes}\ndefault via 10.9.0.1 dev em0 metric 5`,
  }, { em1: M1, em2: M2, em0: M3 }],
  ["one that has gone leaves its mark to nobody else", {
    links: "3: em2 up\n4: em0 up",
    addresses: "10.3.0.2/24 dev em2\n10.9.0.2/16 dev em0",
    routes: "default via 10.3.0.1 dev em2\ndefault via 10.9.0.1 dev em0 metric 5",
  }, { em2: M2, em0: M3 }],
  ["one that comes back with another index has its mark again", {
    links: "7: em1 up\n3: em2 up",
    routes: "default via 10.0.0.1 dev em1\ndefault via 10.3.0.1 dev em2 metric 9",
  }, { em1: M1, em2: M2 }],
  ["a new name is the same interface", {
    links: "2: wan up\n3: em2 up",
    addresses: "10.0.0.2/16 dev wan\n10.3.0.2/24 dev em2",
    routes: settled.routes!.replaceAll("em1", "wan"),
  }, { wan: M1, em2: M2 }],
  ["names that were exchanged stay with their interfaces, whose routes have not gone", {
    links: "2: em2 up\n3: em1 up",
    addresses: "10.0.0.2/16 dev em2\n10.3.0.2/24 dev em1",
    routes: settled.routes!.replaceAll("em1", "x").replaceAll("em2", "em1").replaceAll("x", "em2"),
  }, { em2: M1, em1: M2 }],
  ["an index that another interface has got takes no mark along", {
    links: "2: new up\n9: em1 up\n3: em2 up",
    addresses: "10.8.0.2/16 dev new\n10.0.0.2/16 dev em1\n10.3.0.2/24 dev em2",
    routes:
      "default via 10.0.0.1 dev em1\ndefault via 10.3.0.1 dev em2 metric 9\ndefault via 10.8.0.1 dev new metric 5",
  }, { em1: M1, em2: M2, new: M3 }],
  ["a ruleset that was flushed is told by the rules", { marks: "" }, { em1: M1, em2: M2 }],
  ["rules that were flushed are told by the ruleset", {
    ...{ rules: "", routes: host.routes },
    marks: "em2 0x01000000\nem1 0x05000000",
  }, { em2: M1, em1: 0x05000000 }],
  ["rules of another table base are told by the names", { wish: { tableBase: 5000 } } as Partial<WorldText>, {
    em1: M1,
    em2: M2,
  }],
  ["a mark that is none in this mask is nobody's", { rules: "", routes: host.routes, marks: "em2 0x55" }, {
    em1: M1,
    em2: M2,
  }],
  ["of two that the ruleset gives one mark the first has it", {
    ...{ rules: "", routes: host.routes },
    marks: "em2 0x03000000\nem1 0x03000000",
  }, { em2: M3, em1: M1 }],
  ["a name that is remembered with a mark of its own does not outdo the rule", {
    links: "2: old up\n3: em2 up",
    addresses: "10.0.0.2/16 dev old\n10.3.0.2/24 dev em2",
    routes: settled.routes!.replaceAll("em1", "old"),
    marks: "em1 0x01000000\nem2 0x02000000\nold 0x03000000",
  }, { old: M1, em2: M2 }],
];
for (const [what, world, marks] of stays) {
  Deno.test(`marks stay: ${what}`, () => {
    const more = (world as { wish?: Wish }).wish;
    const decision = settle(readWorld({ ...settled, ...world }), { ...wish, ...more });
    assert.deepEqual(marksOf(decision), marks);
    const all = [...decision.plan.marks!.remembered.values()];
    assert.equal(new Set(all).size, all.length);
    for (const [name, mark] of Object.entries(marks)) assert.equal(rememberedOf(decision)[name], mark);
  });
}

Deno.test("what has gone is remembered, what has a new name only by that", () => {
  const gone = {
    links: "3: em2 up",
    addresses: "10.3.0.2/24 dev em2",
    routes: "default via 10.3.0.1 dev em2",
  };
  assert.deepEqual(rememberedOf(decide(readWorld({ ...settled, ...gone }), wish)), { em1: M1, em2: M2 });
  const [, , , [, renamed]] = stays;
  assert.deepEqual(rememberedOf(decide(readWorld({ ...settled, ...renamed }), wish)), { wan: M1, em2: M2 });
});

/** Two bits have room for two. */
const narrow: Wish = { connmark: true, markMask: 0x3 };
const room: [what: string, marks: string, expected: Record<string, number>][] = [
  ["", "", { em1: 1, em2: 2 }],
  ["those of interfaces that there are not go first", "em2 0x2\ngone 0x1", { em2: 2, em1: 1 }],
  ["a stub gives its own up for an uplink", "em2 0x1\nst0 0x2", { em1: 2, em2: 1 }],
];
for (const [what, marks, expected] of room) {
  Deno.test(`more interfaces than marks ${what}`, () => {
    const decision = settle(
      readWorld({
        links: "2: em1 up\n3: em2 up\n4: st0 up",
        addresses: `${host.addresses}\n10.4.0.2/24 dev st0`,
        routes: host.routes,
        marks,
      }),
      narrow,
    );
    assert.deepEqual(marksOf(decision), expected);
    assert.deepEqual(troubles(decision), [
      "conflict: st0: its connections are not marked: the mask 0x00000003 has room for 2 interfaces " +
      "(--mark-mask with more bits has more)",
    ]);
    assert.deepEqual(rememberedOf(decision), expected);
    // Its addresses are answered as ever.
    assert.ok(decision.plan.families[4].rules.some(({ table }) => table === 1004));
  });
}

Deno.test("an uplink with neither mark nor address has no table", () => {
  const { plan } = settle(
    readWorld({
      links: "2: em1 up\n3: em2 up\n4: em3 up",
      addresses: host.addresses,
      routes: `${host.routes}\ndefault dev em3 metric 77`,
    }),
    narrow,
  );
  assert.deepEqual(plan.families[4].targets.map(({ table }) => table), [1002, 1003]);
});
