// What a program that hears nothing knows by the kernel's answers.

import assert from "node:assert/strict";
import { recorded } from "../../src/model/recorded.ts";
import { readRule } from "./rule_text.ts";
import { readWorld } from "./world.ts";

const { families } = readWorld({ links: "", addresses: "" });
const stores = { 4: families[4].store, 6: families[6].store };
const there = readRule("27200: from 10.0.0.2 lookup 1002 proto 115", 4);
const twin = { ...there, priority: 27201 };

Deno.test("a rule that has come and gone again is not there", () => {
  const changes = [{ op: "add-rule", rule: twin }, { op: "delete-rule", rule: twin }] as const;
  assert.deepEqual(recorded(changes, { rules: { 4: [there], 6: [] }, stores }), { 4: [there], 6: [] });
});

Deno.test("a rule that goes on elsewhere has taken the old one's place", () => {
  const [old, rule] = [27300, 27200].map((goto) =>
    readRule(`27000: from all fwmark 0x7f000000/0x7f000000 goto ${goto} proto 115`, 4)
  );
  const changes = [{ op: "delete-rule", rule: old }, { op: "add-rule", rule }] as const;
  assert.deepEqual(recorded(changes, { rules: { 4: [old], 6: [] }, stores })[4], [rule]);
});
