/** What the kernel has by its answers alone, for who does not listen to it. */

import { FAMILIES, type Family } from "./address.ts";
import type { Change, RouteChange, RuleChange } from "./change.ts";
import { type Rule, ruleIdentity } from "./records.ts";
import { replay } from "./replay.ts";
import type { Stores } from "./store.ts";

export type RulesOf = Record<Family, readonly Rule[]>;

/** Takes changes that are in place up into the stores; gives the rules that there are then. */
export function recorded(
  changes: readonly Change[],
  { rules, stores }: { rules: RulesOf; stores: Stores },
): RulesOf {
  const ofRules: RuleChange[] = [];
  for (const change of changes) {
    if ("rule" in change) ofRules.push(change);
    else recordRoute(change, stores);
  }
  const next = { ...rules };
  for (const family of FAMILIES) {
    const here = ofRules.filter(({ rule }) => rule.family === family);
    if (here.length === 0) continue;
    // Of several changes of one rule the last one holds.
    const last = new Map(here.map((change) => [ruleIdentity(change.rule), change]));
    const others = rules[family].filter((rule) => !last.has(ruleIdentity(rule)));
    const added = [...last.values()].filter(({ op }) => op === "add-rule");
    next[family] = [...others, ...added.map(({ rule }) => rule)];
  }
  return next;
}

function recordRoute({ op, family, key, ...route }: RouteChange, stores: Stores): void {
  replay(stores[family], {
    op: op === "delete" ? "delete" : "new",
    key,
    route,
    replace: op === "replace",
    append: op === "append",
  });
}
