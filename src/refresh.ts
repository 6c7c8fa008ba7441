/** What has sockets ask for their way anew. */

import type { RouteChange, RuleChange } from "./model/change.ts";
import { type Rule, ruleIdentity } from "./model/records.ts";
import { LAST_PRIORITY } from "./plan/ownership.ts";
import type { FamilyPlan } from "./plan/plan.ts";

/**
 * Where a table is closed in IPv6, the changes that have to come last. A connected socket goes on by the way that it knows
 * until that way's own table changes, or a rule does: and what is closed had its way from main. So one of the table's
 * rules stands there twice for a moment, which changes no answer. In IPv4 every new route has sockets ask.
 * `plan` and `rules`, those that the kernel has, are of IPv6.
 */
export function refreshes6(
  routes: readonly RouteChange[],
  { plan, rules }: { plan: FamilyPlan; rules: readonly Rule[] },
): RuleChange[] {
  const closing = routes.find(({ family, op, path }) =>
    family === 6 && op !== "delete" && plan.mirror.isClosing(path)
  );
  const rule = plan.rules.find(({ table }) => table === closing?.table);
  if (!rule) return [];
  const priority = freePriority(rule, rules);
  if (priority === undefined) return [];
  const twin = { ...rule, priority };
  return [{ op: "add-rule", rule: twin }, { op: "delete-rule", rule: twin }];
}

/** Behind the rule, or else in front of it, where there is none like it. */
function freePriority(rule: Rule, rules: readonly Rule[]): number | undefined {
  const taken = new Set(rules.map(ruleIdentity));
  const isFree = (priority: number) => !taken.has(ruleIdentity({ ...rule, priority }));
  for (let priority = rule.priority + 1; priority <= LAST_PRIORITY; priority++) {
    if (isFree(priority)) return priority;
  }
  return rule.priority > 1 && isFree(rule.priority - 1) ? rule.priority - 1 : undefined;
}
