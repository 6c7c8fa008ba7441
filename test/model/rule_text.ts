// Reads rules as `ip rule show` and `ip -6 rule show` print them: `27200: from 10.0.0.2 lookup 1002 proto 115`.

import type { Family } from "../../src/model/address.ts";
import {
  ACTION_GOTO,
  ACTION_LOOKUP,
  ACTION_NOP,
  PROTOCOL,
  type Rule,
  TABLE,
} from "../../src/model/records.ts";
import { numbered, Words } from "./words.ts";

/** Those that every host has; the kernel made them, which `ip` does not say. */
export const KERNEL_RULES: readonly string[] = [
  "0: from all lookup local",
  "32766: from all lookup main",
  "32767: from all lookup default",
];

const ACTIONS: Readonly<Record<string, number>> = {
  nop: ACTION_NOP,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
};

type Draft = { -readonly [P in keyof Rule]: Rule[P] };

export function readRule(text: string, family: Family): Rule {
  const words = new Words(text);
  const priority = words.next();
  if (!/^\d+:$/.test(priority)) throw new SyntaxError(`'${text}' begins with no priority`);
  const rule: Draft = {
    ...{ family, priority: parseInt(priority), action: ACTION_LOOKUP, table: 0 },
    // `ip rule` gives none and prints none.
    protocol: PROTOCOL.unspec,
  };
  while (words.peek() !== undefined) readWord(words, rule);
  return rule;
}

function readWord(words: Words, rule: Draft): void {
  const word = words.next();
  if (word === "from" || word === "to") {
    const prefix = words.next();
    if (prefix !== "all") rule[word] = prefix;
  } else if (word === "iif" || word === "oif") rule[word] = words.next();
  else if (word === "lookup") readTable(words.next(), rule);
  else if (word === "proto") {
    rule.protocol = numbered(words.next(), { unspec: 0, kernel: 2, boot: 3, static: 4 });
  } else if (word === "fwmark") readMark(words.next(), rule);
  else if (word === "tos") rule.tos = Number(words.next());
  else if (word === "goto") Object.assign(rule, { action: ACTION_GOTO, goto: Number(words.next()) });
  else if (word in ACTIONS) rule.action = ACTIONS[word];
  else if (word === "sport" || word === "dport" || word === "ipproto") {
    words.next();
    rule.more = true;
  } else throw new SyntaxError(`'${words.text}': ${word}?`);
}

function readTable(name: string, rule: Draft): void {
  if (name === "[l3mdev-table]") rule.l3mdev = true;
  else rule.table = numbered(name, TABLE);
}

function readMark(text: string, rule: Draft): void {
  const [mark, mask = "0xffffffff"] = text.split("/");
  rule.fwmark = Number(mark);
  rule.fwmask = Number(mask);
}
