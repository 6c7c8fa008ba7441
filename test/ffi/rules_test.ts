// Rules as we read them, against the `ip rule` commands that made them; and rules of ours, both ways.

import assert from "node:assert/strict";
import { exchange, Writer } from "../../ffi/request.ts";
import { readRules as readAll, writeRule } from "../../ffi/rule.ts";
import { Socket } from "../../ffi/socket.ts";
import { FAMILIES, type Family } from "../../src/model/address.ts";
import { ACTION_GOTO, ACTION_LOOKUP, ACTION_NOP, type Rule } from "../../src/model/records.ts";
import { ruleCommand } from "../../src/model/text.ts";
import type { Namespace } from "../lab/netns.ts";
import { inside } from "./inside.ts";

const IPS: Readonly<Record<Family, readonly [one: string, prefix: string, host: string]>> = {
  4: ["10.0.0.2", "10.0.0.0/8", "192.0.2.255"],
  6: ["2001:db8::2", "2001:db8::/32", "2001:db8::ff"],
};
/** `FR_ACT_*` (linux/fib_rules.h). */
const ACTION = { blackhole: 6, unreachable: 7, prohibit: 8 };

/** What a rule is where nothing else is said: one that `ip` makes, a look-up in table 1002. */
const usual = { action: ACTION_LOOKUP, table: 1002, protocol: 0 };

/** Arguments of `ip rule`, and what is read, apart from the usual. */
function cases([one, prefix, host]: readonly string[]): [string, Partial<Rule>][] {
  return [
    [`from ${one} lookup 1002`, { from: one }],
    [`from ${prefix} to ${host} lookup 1002`, { from: prefix, to: host }],
    ["from all lookup 1002", {}],
    [`to ${prefix} lookup 254`, { to: prefix, table: 254 }],
    ["iif lo lookup 1002", { iif: "lo" }],
    ["oif no-such-if lookup 1002", { oif: "no-such-if" }],
    ["fwmark 0x1 lookup 1002", { fwmark: 1, fwmask: 0xffffffff }],
    ["fwmark 0xff000000/0xff000000 lookup 1002", { fwmark: 0xff000000, fwmask: 0xff000000 }],
    ["fwmark 0/0xff lookup 1002", { fwmask: 0xff }],
    ["tos 0x10 lookup 1002", { tos: 0x10 }],
    ["lookup 4294967295", { table: 0xffffffff }],
    ["lookup 1002 protocol 115", { protocol: 115 }],
    ["goto 32766", { action: ACTION_GOTO, table: 0, goto: 32766 }],
    ["nop", { action: ACTION_NOP, table: 0 }],
    ["blackhole", { action: ACTION.blackhole, table: 0 }],
    ["unreachable", { action: ACTION.unreachable, table: 0 }],
    ["prohibit", { action: ACTION.prohibit, table: 0 }],
    [`from ${one} ipproto tcp lookup 1002`, { from: one, more: true }],
    [`from ${one} sport 80 lookup 1002`, { from: one, more: true }],
    [`from ${one} ipproto udp dport 1-65534 lookup 1002`, { from: one, more: true }],
  ];
}

/** Selectors that a rule of ours never has: one that has them is not to be taken for what it would be without. */
function otherwise([one]: readonly string[]): string[] {
  return [
    `not from ${one} lookup 1002`,
    `from ${one} uidrange 0-5 lookup 1002`,
    `from ${one} tun_id 5 lookup 1002`,
    `from ${one} lookup 1002 suppress_prefixlength 0`,
    `from ${one} lookup 1002 suppress_ifgroup 7`,
  ];
}

for (const family of FAMILIES) {
  inside(`IPv${family}: rules with every selector and action read as they were made`, async (host) => {
    const made = cases(IPS[family]);
    await addRules(host, family, made.map(([args]) => args));
    const read = readRules().filter((rule) => rule.family === family && isTested(rule));
    for (const [number, [args, difference]] of made.entries()) {
      const wanted = { family, priority: priorityOf(number), ...usual, ...difference };
      assert.deepEqual(defined(read[number]), wanted, args);
    }
    assert.equal(read.length, made.length);
  });

  inside(`IPv${family}: a rule with what we do not know is not taken for one without`, async (host) => {
    const made = otherwise(IPS[family]);
    await addRules(host, family, made);
    const read = readRules().filter((rule) => rule.family === family && isTested(rule));
    assert.deepEqual(read.map(({ more }, i) => [made[i], more]), made.map((args) => [args, true]));
  });

  inside(`IPv${family}: a rule of ours reads back the same, and goes by its command`, async (host) => {
    using socket = Socket.open();
    const rules = ourRules(family);
    send(socket, rules, { add: true });
    assert.deepEqual(readRules().filter((rule) => rule.protocol === 115).map(defined), rules);
    for (const rule of rules.slice(0, 2)) await host.must(ruleCommand("del", rule).split(" "));
    send(socket, rules.slice(2), { add: false });
    assert.deepEqual(readRules().filter((rule) => rule.protocol === 115), []);
  });
}

for (const family of FAMILIES) {
  inside(
    `IPv${family}: rules by mark, past others and for nothing are written, shown and pasted`,
    async (host) => {
      using socket = Socket.open();
      const made = markRules(family);
      const ours = () => readRules().filter(({ protocol }) => protocol === 115).map(defined);
      const rules = made.map(({ rule }) => rule);
      send(socket, rules, { add: true });
      assert.deepEqual(ours(), rules);
      const shown = (await host.ip(`-${family} -N rule show`)).split("\n").filter((line) =>
        /27[0-3]00:/.test(line)
      );
      assert.deepEqual(
        shown.map((line) => line.trim().replaceAll(/\s+/g, " ")),
        made.map(({ rule, text }) => `${rule.priority}: from all ${text} proto 115`),
      );
      send(socket, rules, { add: false });
      assert.deepEqual(ours(), []);
      for (const rule of rules) await host.must(ruleCommand("add", rule).split(" "));
      assert.deepEqual(ours(), rules);
      for (const rule of rules) await host.must(ruleCommand("del", rule).split(" "));
      assert.deepEqual(ours(), []);
    },
  );

  inside(`IPv${family}: of rules by mark at one priority the one that is meant goes`, () => {
    using socket = Socket.open();
    const [{ rule: lookup }, { rule: pass }] = markRules(family);
    const rules = [lookup, { ...lookup, fwmark: 0x2000000, table: 1003 }, pass];
    for (const gone of rules) {
      send(socket, rules, { add: true });
      send(socket, [gone], { add: false });
      const left = rules.filter((rule) => rule !== gone);
      assert.deepEqual(readRules().filter(({ protocol }) => protocol === 115).map(defined), left);
      send(socket, left, { add: false });
    }
  });
}

inside("of rules that look alike the one with our protocol goes", async (host) => {
  using socket = Socket.open();
  const [rule] = ourRules(4);
  await host.ip(`rule add from ${rule.from} lookup ${rule.table} priority ${rule.priority} protocol 4`);
  send(socket, [rule], { add: true });
  send(socket, [rule], { add: false });
  assert.deepEqual(readRules().filter(({ from }) => from === rule.from).map(({ protocol }) => protocol), [4]);
});

inside("rules of multicast routing do not show, those that the kernel makes do", async (host) => {
  assert.match(await host.ip("mrule show"), /lookup default/, "the kernel has such rules");
  const shown = readRules().map(({ family, priority, table }) => [family, priority, table]);
  const initial = { 4: [[0, 255], [32766, 254], [32767, 253]], 6: [[0, 255], [32766, 254]] };
  const wanted = FAMILIES.flatMap((family) => initial[family].map((one) => [family, ...one]));
  assert.deepEqual(shown.sort(), wanted.sort());
});

inside("a thousand rules are read in the order of their priorities", async (host) => {
  const lines = Array.from(
    { length: 1000 },
    (_, i) => `rule add from 10.0.${i >> 8}.${i & 255} lookup 1002 pref ${9000 - i}`,
  );
  await host.batch(lines);
  const read = readRules().filter(({ table }) => table === 1002);
  assert.deepEqual(read.map(({ priority }) => priority), Array.from({ length: 1000 }, (_, i) => 8001 + i));
});

function ourRules(family: Family): Rule[] {
  const [one, prefix, host] = IPS[family];
  const rule = { family, action: ACTION_LOOKUP, protocol: 115 };
  return [
    { ...rule, priority: 27200, table: 1002, from: one },
    { ...rule, priority: 27201, table: 256, from: prefix },
    { ...rule, priority: 27202, table: 0xffffffff, from: host },
    { ...rule, priority: 27203, table: 1003, from: prefix, iif: "lo" },
  ];
}

/** With what `ip rule` shows of them. */
function markRules(family: Family): { rule: Rule; text: string }[] {
  const rule = { family, table: 0, protocol: 115, priority: 27000 };
  const mask = { fwmask: 0x7f000000 };
  return [
    {
      rule: { ...rule, action: ACTION_LOOKUP, table: 1002, fwmark: 0x1000000, ...mask },
      text: "fwmark 0x1000000/0x7f000000 lookup 1002",
    },
    {
      rule: { ...rule, action: ACTION_GOTO, fwmark: 0x7f000000, ...mask, goto: 27300 },
      text: "fwmark 0x7f000000/0x7f000000 goto 27300",
    },
    { rule: { ...rule, action: ACTION_NOP, priority: 27300 }, text: "nop" },
  ];
}

function send(socket: Socket, rules: readonly Rule[], { add }: { add: boolean }): void {
  const writer = new Writer();
  let sequence = 0;
  for (const rule of rules) writeRule(writer, rule, { add, sequence: sequence = socket.nextSequence() });
  assert.deepEqual(exchange(socket, writer, sequence), { refusals: [], complete: true });
}

function readRules(): Rule[] {
  using socket = Socket.open();
  return readAll(socket);
}

async function addRules(host: Namespace, family: Family, args: readonly string[]): Promise<void> {
  const name = family === 4 ? "IPv4" : "IPv6";
  await host.batch(args.map((text, number) => `rule add ${text} pref ${priorityOf(number)}`), name);
}

function priorityOf(number: number): number {
  return 10000 + number;
}

function isTested({ priority }: Rule): boolean {
  return priority >= 10000 && priority < 11000;
}

/** The record without what is undefined. */
function defined(rule: Rule): Partial<Rule> {
  return Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined));
}
