/** From what the kernel has to what it should have: the changes. In which order they are made is told by `order`. */

import type { RouteChange, RouteOfTable, RuleChange } from "./model/change.ts";
import { devices, hasNexthops } from "./model/paths.ts";
import { type Rule, ruleIdentity, TABLE } from "./model/records.ts";
import type { RouteStore } from "./model/store.ts";
import type { Entry, Target } from "./plan/mirror.ts";
import type { FamilyPlan } from "./plan/plan.ts";
import { hasEntry, type Stacked, steps4, steps6 } from "./steps.ts";

export interface RouteDiff {
  readonly changes: RouteChange[];
  readonly foreign: RouteOfTable[];
}

/** The rules to add and those to delete: of `ours`, the rules of our form that the kernel has. */
export function diffRules(desired: readonly Rule[], ours: readonly Rule[]): RuleChange[] {
  const [wanted, there] = [desired, ours].map((rules) => new Set(rules.map(ruleIdentity)));
  const added = desired.filter((rule) => !there.has(ruleIdentity(rule)));
  const gone = ours.filter((rule) => !wanted.has(ruleIdentity(rule)));
  return [
    ...added.map((rule): RuleChange => ({ op: "add-rule", rule })),
    ...gone.map((rule): RuleChange => ({ op: "delete-rule", rule })),
  ];
}

/** What to change in all tables of ours for one key. */
export function diffKey(
  key: number,
  plan: FamilyPlan,
  { store, diff }: { store: RouteStore; diff: RouteDiff },
): void {
  for (const target of plan.targets) {
    const wanted = plan.mirror.wanted(key, target);
    diffTable(key, target, { plan, store, diff, wanted });
  }
  for (const target of plan.released) diffTable(key, target, { plan, store, diff, wanted: [] });
}

interface TableWork {
  readonly plan: FamilyPlan;
  readonly store: RouteStore;
  readonly diff: RouteDiff;
  readonly wanted: readonly Entry[];
}

function diffTable(key: number, target: Target, work: TableWork): void {
  const { store, diff, wanted } = work, { family } = store, { table } = target;
  const there = routesThere(key, target, work);
  if (wanted.length === 0 && there.length === 0) return;
  for (const { metric, path, foreign } of there) {
    if (foreign) diff.foreign.push({ family, table, key, metric, path });
  }
  const steps = family === 4 ? steps4(wanted, there, store.paths) : steps6(wanted, there);
  for (const { op, metric, path } of steps) diff.changes.push({ op, family, table, key, metric, path });
}

/** The routes of one key in one table, in the kernel's order. */
function routesThere(key: number, target: Target, work: TableWork): readonly Stacked[] {
  const { store } = work;
  let there: Stacked[] | undefined;
  for (let slot = store.first(key); slot >= 0; slot = store.next(slot)) {
    if (store.table(slot) !== target.table) continue;
    const entry = { metric: store.metric(slot), path: store.path(slot) };
    (there ??= []).push({ ...entry, foreign: isForeign(key, entry, { ...work, target }) });
  }
  return there ?? NOTHING;
}

const NOTHING: readonly Stacked[] = [];

/**
 * Whether a route in a table of ours has none of our forms: it leaves by another interface that leads out, for no source
 * of ours, and main has no route of that key by the same next hops. In a table of no interface all is ours.
 */
function isForeign(
  key: number,
  entry: Entry,
  { plan, store, target, wanted }: TableWork & { target: Target },
): boolean {
  if (target.ifindex === 0 || hasEntry(wanted, entry)) return false;
  const path = store.paths.get(entry.path);
  if (target.exact) {
    const isOwn = path.nexthops.length > 0 && devices(path).every((device) => device === target.ifindex);
    return !isOwn && !plan.mirror.isBare(entry.path) && !hasEntry(plan.mirror.wanted(key, target), entry);
  }
  if (plan.mirror.hasForm(path, target)) return false;
  for (let slot = store.first(key); slot >= 0; slot = store.next(slot)) {
    if (store.table(slot) === TABLE.main && hasNexthops(store.paths.get(store.path(slot)), path)) {
      return false;
    }
  }
  return true;
}
