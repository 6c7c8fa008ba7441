// What a rule is about, told by the addresses that a host has.

import assert from "node:assert/strict";
import type { Rule } from "../../src/model/records.ts";
import { Locals, Ways } from "../../src/plan/locals.ts";
import { readRule } from "../model/rule_text.ts";

const locals = new Locals(
  4,
  new Set(["10.0.0.2", "10.0.0.9", "10.3.0.2", "192.0.2.0/24", "default", "2001:db8::2"]),
);
/** 10.0.0.9 is inside, 10.3.0.2 another uplink's; 10.7.0.2 has gone. */
const ways = new Ways(locals, {
  tables: new Map([["10.0.0.2", 1002], ["10.3.0.2", 1003], ["192.0.2.0/24", 1003]]),
  subjects: new Set(["10.0.0.2", "10.0.0.9", "10.3.0.2", "192.0.2.0/24"]),
});
const rule = (text: string): Rule => readRule(`27200: ${text} proto 115`, 4);

const about: [rule: string, addresses: string[]][] = [
  ["from 10.0.0.2 lookup 1002", ["10.0.0.2"]],
  ["from 10.7.0.2 lookup 1002", []],
  ["from 10.0.0.0/24 iif lo lookup 1002", ["10.0.0.2", "10.0.0.9"]],
  ["from 192.0.2.0/24 lookup 1003", ["192.0.2.0/24"]],
  ["from 192.0.0.0/8 iif lo lookup 1003", ["192.0.2.0/24"]],
  // Without `iif` it is an AnyIP prefix's: what that holds has rules in front.
  ["from 10.0.0.0/24 lookup 1002", []],
];
for (const [text, addresses] of about) {
  Deno.test(`what a rule is about: ${text}`, () => assert.deepEqual(locals.of(rule(text)), addresses));
}

const told: [rule: string, is: Record<"concerns" | "steers" | "misleads" | "isSpent", boolean>][] = [
  ["from 10.0.0.2 lookup 1002", { concerns: true, steers: true, misleads: false, isSpent: true }],
  ["from 10.0.0.2 lookup 1003", { concerns: true, steers: true, misleads: true, isSpent: true }],
  ["from 10.0.0.9 lookup 1006", { concerns: true, steers: false, misleads: true, isSpent: false }],
  ["from 10.7.0.2 lookup 1002", { concerns: false, steers: false, misleads: false, isSpent: true }],
  ["from 10.0.0.0/29 iif lo lookup 1002", { concerns: true, steers: true, misleads: false, isSpent: true }],
  ["from 10.0.0.0/24 iif lo lookup 1002", { concerns: true, steers: true, misleads: true, isSpent: false }],
  ["from 10.0.0.0/8 iif lo lookup 1002", { concerns: true, steers: true, misleads: true, isSpent: false }],
  ["from 10.3.0.0/24 iif lo lookup 1002", { concerns: true, steers: true, misleads: true, isSpent: true }],
];
for (const [text, is] of told) {
  Deno.test(`what becomes of ${text}`, () => {
    const found = {
      concerns: ways.concerns(rule(text)),
      steers: ways.steers(rule(text)),
      misleads: ways.misleads(rule(text)),
      isSpent: ways.isSpent(rule(text)),
    };
    assert.deepEqual(found, is);
  });
}
