// What has to wait because something that comes before it was refused.

import assert from "node:assert/strict";
import type { RouteChange, RuleChange } from "../src/model/change.ts";
import { Waiting } from "../src/waiting.ts";
import { readRule } from "./model/rule_text.ts";

function rule(op: RuleChange["op"], text: string): RuleChange {
  return { op, rule: readRule(`27200: ${text} proto 115`, text.includes("::") ? 6 : 4) };
}

const route: RouteChange = { op: "delete", family: 4, table: 1002, key: 1, metric: 0, path: 1 };
const old = ["from 10.0.0.2 lookup 1002", "from 10.0.0.3 lookup 1002", "from 10.9.0.2 lookup 1003"]
  .map((text) => rule("delete-rule", text));

Deno.test("where the rule of a prefix is refused, those of the addresses in it stay, with their table", () => {
  const waiting = new Waiting([...old, route]);
  waiting.add(rule("add-rule", "from 10.0.0.0/16 iif lo lookup 1002"));
  assert.deepEqual(old.map((one) => waiting.has(one)), [true, true, false]);
  assert.ok(waiting.has(route));
});

Deno.test("where the rule of one address is refused, that of its prefix stays", () => {
  const wide = rule("delete-rule", "from 10.0.0.0/16 iif lo lookup 1002");
  const other = rule("delete-rule", "from 2001:db8::/64 iif lo lookup 1002");
  const waiting = new Waiting([wide, other, route]);
  waiting.add(rule("add-rule", "from 10.0.0.3 lookup 1005"));
  assert.deepEqual([wide, other, route].map((one) => waiting.has(one)), [true, false, true]);
});

Deno.test("where a route is refused, nothing of its table goes", () => {
  const waiting = new Waiting([...old, route]);
  waiting.add({ ...route, op: "append" });
  assert.deepEqual([...old, route].map((one) => waiting.has(one)), [true, true, false, true]);
});
