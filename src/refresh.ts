/** What has sockets ask for their way anew. */

import type { RouteChange, RuleChange } from "./model/change.ts";
import { hasNexthops } from "./model/paths.ts";
import { type Path, type Rule, ruleIdentity, TABLE, TYPE } from "./model/records.ts";
import type { RouteStore } from "./model/store.ts";
import { LAST_PRIORITY } from "./plan/ownership.ts";
import type { FamilyPlan } from "./plan/plan.ts";

/** `changes` come last; they are for nothing where the kernel has refused all of `by`. */
export interface Refresh {
  readonly by: readonly RouteChange[];
  readonly changes: readonly RuleChange[];
}

/**
 * What has to come last in IPv6. A connected socket goes on by the way that it knows until that way's own table
 * changes, or a rule does: what main answered for goes on by main when its own table has got a route for it. So one of that
 * table's rules stands there twice for a moment, which changes no answer. In IPv4 every new route has sockets ask.
 * `plan`, `store` and `rules`, what the kernel has before `routes` are changed, are of IPv6.
 */
export function refreshes6(
  routes: readonly RouteChange[],
  { plan, store, rules }: { plan: FamilyPlan; store: RouteStore; rules: readonly Rule[] },
): Refresh {
  const by = routes.filter((change) => change.family === 6 && takesFromMain(change, store));
  const rule = plan.rules.find(({ table }) => table === by[0]?.table);
  const priority = rule && freePriority(rule, rules);
  if (priority === undefined) return { by, changes: [] };
  const twin = { ...rule!, priority };
  return { by, changes: [{ op: "add-rule", rule: twin }, { op: "delete-rule", rule: twin }] };
}

/**
 * Whether a table has an answer by a change where main was asked before, and answered otherwise: to a default, also by what
 * is narrower in main.
 */
function takesFromMain({ op, key, table, path }: RouteChange, store: RouteStore): boolean {
  const next = store.paths.get(path), { defaultKey } = store;
  // What is wider answers instead.
  if (op === "delete") return next.type === TYPE.throw;
  const before = pathOf(key, { store, table }) ?? pathOf(defaultKey, { store, table });
  if (next.type === TYPE.throw || (before && before.type !== TYPE.throw)) return false;
  const main = pathOf(key, { store, table: TABLE.main });
  return key === defaultKey || !main || !leadAlike(main, next);
}

/** How the best route of a key forwards in a table. */
function pathOf(key: number, { store, table }: { store: RouteStore; table: number }): Path | undefined {
  let slot = store.first(key);
  while (slot >= 0 && store.table(slot) !== table) slot = store.next(slot);
  return slot < 0 ? undefined : store.paths.get(store.path(slot));
}

function leadAlike(a: Path, b: Path): boolean {
  return a.type === b.type && hasNexthops(a, b) && hasNexthops(b, a);
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
