/** From what the kernel has to what it should have: the changes, in an order in which no step gives a wrong answer. */

import type { Family } from "./model/address.ts";
import { devices, hasNexthops } from "./model/paths.ts";
import { isBan, type Rule, sameRule, TABLE } from "./model/records.ts";
import type { RouteStore } from "./model/store.ts";
import type { Entry, Target } from "./plan/mirror.ts";
import type { FamilyPlan } from "./plan/plan.ts";

/** One step. Routes are told by the numbers of their store's key and path. */
export type Change = RuleChange | RouteChange;

export interface RuleChange {
  readonly op: "add-rule" | "delete-rule";
  readonly rule: Rule;
}

/**
 * - `append`, `prepend` (IPv4 alone): behind or in front of the routes of equal key and metric
 * - `replace`: the first route of that key and metric; in IPv6, which has one, it need not be there yet
 * - `delete`
 */
export interface RouteChange {
  readonly op: "append" | "prepend" | "replace" | "delete";
  readonly family: Family;
  readonly table: number;
  readonly key: number;
  readonly metric: number;
  readonly path: number;
}

/** A route in a table of ours that is not of our making: left as it is. */
export interface ForeignRoute {
  readonly family: Family;
  readonly table: number;
  readonly key: number;
  readonly metric: number;
  readonly path: number;
}

export interface RouteDiff {
  readonly changes: RouteChange[];
  readonly foreign: ForeignRoute[];
}

/** The rules to add and those to delete: of `ours`, the rules of our form that the kernel has. */
export function diffRules(desired: readonly Rule[], ours: readonly Rule[]): RuleChange[] {
  const added = desired.filter((rule) => !ours.some((one) => sameRule(one, rule)));
  const gone = ours.filter((rule) => !desired.some((one) => sameRule(one, rule)));
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
  const { store, diff } = work;
  const { table } = target;
  const observed: Entry[] = [];
  let blocked: number[] | undefined;
  for (let slot = store.first(key); slot >= 0; slot = store.next(slot)) {
    if (store.table(slot) !== table) continue;
    const entry = { metric: store.metric(slot), path: store.path(slot) };
    if (!isForeign(key, entry, { ...work, target })) {
      observed.push(entry);
      continue;
    }
    (blocked ??= []).push(entry.metric);
    diff.foreign.push({ family: store.family, table, key, ...entry });
  }
  const wanted = blocked && store.family === 6
    ? work.wanted.filter(({ metric }) => !blocked.includes(metric))
    : work.wanted;
  if (wanted.length === 0 && observed.length === 0) return;
  const steps = store.family === 4 ? steps4 : steps6;
  for (const { op, metric, path } of steps(wanted, observed)) {
    diff.changes.push({ op, family: store.family, table, key, metric, path });
  }
}

interface Step extends Entry {
  readonly op: RouteChange["op"];
}

/** IPv6 has one route of a metric: writing it replaces what was there. New before old. */
function steps6(wanted: readonly Entry[], observed: readonly Entry[]): Step[] {
  const steps: Step[] = [];
  for (const entry of wanted) {
    const same = observed.filter(({ metric }) => metric === entry.metric);
    if (same.length !== 1 || same[0].path !== entry.path) steps.push({ op: "replace", ...entry });
  }
  for (const entry of observed) {
    if (!wanted.some(({ metric }) => metric === entry.metric)) steps.push({ op: "delete", ...entry });
  }
  return steps;
}

/** IPv4 stacks routes of one metric: the first is used, so that their order counts. */
function steps4(wanted: readonly Entry[], observed: readonly Entry[]): Step[] {
  if (sameEntries(wanted, observed)) return [];
  if (observed.length === 0) return wanted.map(({ metric, path }) => ({ op: "append", metric, path }));
  const metrics = new Set([...wanted, ...observed].map((entry) => entry.metric));
  return [...metrics].flatMap((metric) => {
    const at = (entry: Entry) => entry.metric === metric;
    return stack(wanted.filter(at), observed.filter(at));
  });
}

/** Brings the routes of one metric into the wanted order. New before old, or in its place. */
function stack(wanted: readonly Entry[], observed: readonly Entry[]): Step[] {
  const steps: Step[] = [];
  let next = 0, kept = 0, old = observed;
  if (wanted.length > 0 && observed.length > 0 && !hasEntry(observed, wanted[0])) {
    // The kernel replaces the first. A delete could not tell it from a new route that differs in attributes alone.
    const inPlace = !hasEntry(wanted, observed[0]);
    steps.push({ op: inPlace ? "replace" : "prepend", ...wanted[next++] });
    if (inPlace) old = observed.slice(1);
  }
  const present = old.filter((entry) => hasEntry(wanted, entry));
  // What stands in the right order already, from the first on, may stay.
  for (; next < wanted.length; next++) {
    const found = present.findIndex((entry, i) => i >= kept && sameEntry(entry, wanted[next]));
    if (found < 0) break;
    kept = found + 1;
  }
  for (; next < wanted.length; next++) {
    if (hasEntry(old, wanted[next])) steps.push({ op: "delete", ...wanted[next] });
    steps.push({ op: "append", ...wanted[next] });
  }
  for (const entry of old) if (!hasEntry(wanted, entry)) steps.push({ op: "delete", ...entry });
  return steps;
}

function sameEntry(a: Entry, b: Entry): boolean {
  return a.metric === b.metric && a.path === b.path;
}

function hasEntry(entries: readonly Entry[], wanted: Entry): boolean {
  return entries.some((entry) => sameEntry(entry, wanted));
}

function sameEntries(a: readonly Entry[], b: readonly Entry[]): boolean {
  return a.length === b.length && a.every((entry, i) => sameEntry(entry, b[i]));
}

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
  if (isBan(path)) return false;
  if (devices(path).every((ifindex) => ifindex === target.ifindex || plan.inside.has(ifindex))) return false;
  if (path.prefsrc && plan.sources.get(path.prefsrc) === target.ifindex) return false;
  for (let slot = store.first(key); slot >= 0; slot = store.next(slot)) {
    if (store.table(slot) === TABLE.main && hasNexthops(store.paths.get(store.path(slot)), path)) {
      return false;
    }
  }
  return true;
}

/** What is written first, and what only when that is done. */
export interface Stages {
  /** Rules and routes that are new; and the rules that point to a table which is about to be another interface's. */
  readonly first: readonly Change[];
  /** What is to go. */
  readonly then: readonly Change[];
}

/**
 * Puts changes in order. A rule stands before the first route of its table and goes after the last: a rule into an empty
 * table falls through to main. In a table the longest prefix goes in first and out last: with the default alone it would
 * send traffic where main does not. `routes` are in order within each key.
 */
export function order(
  rules: readonly RuleChange[],
  routes: readonly RouteChange[],
  prefixLength: (change: RouteChange) => number,
): Stages {
  const [added, gone] = partition(routes, ({ op }) => op !== "delete");
  // A delete that makes room for the same route in another place belongs to that.
  const moved = new Set(gone.length === 0 ? [] : added.map(routeIdentity));
  const [moves, deletes] = partition(gone, (change) => moved.has(routeIdentity(change)));
  const arriving = moves.length === 0 ? added : routes.filter((change) => moved.has(routeIdentity(change)));
  const newRules = rules.filter(({ op }) => op === "add-rule");
  const filled = new Set(added.map(tableIdentity));
  const [misleading, oldRules] = partition(
    rules.filter(({ op }) => op === "delete-rule"),
    ({ rule }) => filled.has(tableIdentity(rule)) && !newRules.some((one) => sameWay(one.rule, rule)),
  );
  return {
    first: [...newRules, ...misleading, ...byLength(arriving, prefixLength).reverse().flat()],
    then: [...byLength(deletes, prefixLength).flat(), ...oldRules],
  };
}

/** Whether both rules send the same source to the same table. */
function sameWay(a: Rule, b: Rule): boolean {
  return a.family === b.family && a.table === b.table && a.from === b.from;
}

function tableIdentity({ family, table }: { family: Family; table: number }): number {
  return table * 10 + family;
}

function routeIdentity({ family, table, key, metric, path }: RouteChange): string {
  return `${family} ${table} ${key} ${metric} ${path}`;
}

/** Changes by their prefix's length, ascending; at one length as they came. */
function byLength(
  changes: readonly RouteChange[],
  prefixLength: (change: RouteChange) => number,
): RouteChange[][] {
  const groups: RouteChange[][] = [];
  for (const change of changes) (groups[prefixLength(change)] ??= []).push(change);
  return groups.filter((group) => group !== undefined);
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  const yes: T[] = [], no: T[] = [];
  for (const item of items) (belongs(item) ? yes : no).push(item);
  return [yes, no];
}
