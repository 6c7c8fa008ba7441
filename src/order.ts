/** In which order changes are written, so that no step gives a wrong answer. */

import type { Change, RouteChange, RuleChange } from "./model/change.ts";
import { covers, type Family, parsePrefix } from "./model/address.ts";
import { partition } from "./model/lists.ts";
import { ACTION_GOTO, ACTION_NOP, type Rule } from "./model/records.ts";
import { isOfAnyIp, subjectOf, Subjects } from "./model/subject.ts";

/** What is written first, and what only when that is done. */
export interface Stages {
  /** Rules and routes that are new; and the rules that point to a table which is about to be another interface's. */
  readonly first: readonly Change[];
  /** What is to go; and the rules that are to lead to a table only when all of it is right. */
  readonly then: readonly Change[];
}

/**
 * Puts changes in order. A rule stands before the first route of its table and goes after the last: a rule into an empty
 * table falls through to main. One to a table that has routes which are to change waits for them; but one that takes the
 * place of one further in front moves before they change: what others' rules in between take has to go from the old
 * route to theirs. What a `goto` leads to is there before it, and goes after it. In a table the longest prefix goes in first and out last: with the default alone it would send traffic
 * where main does not. `routes` are in order within each key.
 */
export function order(
  rules: readonly RuleChange[],
  routes: readonly RouteChange[],
  { rank, isEmpty, isInUse, concerns, misleads }: {
    /** How narrow the key of a route is. */
    rank: (change: RouteChange) => number;
    /** Whether the kernel has no route in that table. */
    isEmpty: (table: { family: Family; table: number }) => boolean;
    /** Whether the table is to be an interface's. */
    isInUse: (table: { family: Family; table: number }) => boolean;
    /** Whether the host has what the rule is about. Else it misleads nobody, and says whose the table is to the end. */
    concerns: (rule: Rule) => boolean;
    /** Whether it has one that is to be answered otherwise. */
    misleads: (rule: Rule) => boolean;
  },
): Stages {
  const [added, gone] = partition(routes, ({ op }) => op !== "delete");
  // A delete that makes room for the same route in another place belongs to that.
  const going = new Set(gone.map(routeIdentity));
  const moved = new Set(going.size === 0 ? [] : added.map(routeIdentity).filter((route) => going.has(route)));
  const [moves, deletes] = partition(gone, (change) => moved.has(routeIdentity(change)));
  const isMoved = (change: RouteChange) => moves.length > 0 && moved.has(routeIdentity(change));
  const arriving = moves.length === 0
    ? added
    : routes.filter((change) => change.op !== "delete" || isMoved(change));
  const newRules = rules.filter(({ op }) => op === "add-rule");
  const changed = new Set(routes.map(tableIdentity));
  const goneRules = rules.filter(({ op }) => op === "delete-rule");
  const isToChange = ({ rule }: RuleChange) => changed.has(tableIdentity(rule));
  const older = new Meeting(goneRules), newer = new Meeting(newRules);
  const isHeir = (one: RuleChange) => older.of(one).some((old) => isUsedBefore(one.rule, old.rule));
  // A table that has routes is not to be used before they are right, but by a source that uses it already.
  const [late, early] = partition(
    newRules,
    (one) => isToChange(one) && !isEmpty(one.rule) && !isHeir(one),
  );
  const isLate = new Set(late);
  const instead = Map.groupBy(goneRules, placeOf);
  const replaced = new Set(newRules.flatMap((one) => instead.get(placeOf(one)) ?? []));
  const [hasty, oldRules] = partition(goneRules.filter((old) => !replaced.has(old)), (old) => {
    const heirs = newer.of(old);
    if (heirs.some((heir) => isLate.has(heir))) return false;
    // One of a prefix stands in the way of what has come into it; the rest of it has other rules by then.
    if (misleads(old.rule) && old.rule.iif !== undefined) return isInUse(old.rule);
    if (!isToChange(old)) return false;
    return heirs.length > 0 ? heirs.some(isHeir) : isInUse(old.rule) && concerns(old.rule);
  });
  const [goals, others] = partition(early, isGoal), [oldGoals, oldOthers] = partition(oldRules, isGoal);
  return {
    first: [
      ...[...goals, ...others].flatMap((one) => [...instead.get(placeOf(one)) ?? [], one]),
      ...hasty,
      ...byRank(arriving, rank).reverse().flat(),
    ],
    // Of one key the best, which is the one that is used, goes last.
    then: [...byRank(deletes, rank).flatMap((group) => group.reverse()), ...late, ...oldOthers, ...oldGoals],
  };
}

/** Rules, to be asked for those that send something another one is about to the same table. */
class Meeting {
  readonly #byTable: ReadonlyMap<number, readonly RuleChange[]>;
  readonly #subjects = new Map<number, Subjects<RuleChange>>();

  constructor(rules: readonly RuleChange[]) {
    this.#byTable = Map.groupBy(rules, ({ rule }) => tableIdentity(rule));
  }

  of({ rule }: RuleChange): RuleChange[] {
    const table = tableIdentity(rule), rules = this.#byTable.get(table);
    if (!rules) return [];
    let subjects = this.#subjects.get(table);
    if (!subjects) {
      subjects = new Subjects(rules.map((value) => ({ rule: value.rule, value })));
      this.#subjects.set(table, subjects);
    }
    // What a rule of an AnyIP prefix holds has rules of its own in front.
    const isAlike = (other: Rule) => other.from === rule.from || !(isOfAnyIp(other) || isOfAnyIp(rule));
    return subjects.meeting(rule).filter((one) => isAlike(one.rule));
  }
}

/** Whether it is about a rule that others lead to. */
function isGoal({ rule }: RuleChange): boolean {
  return rule.action === ACTION_NOP;
}

/** The same for rules of which the kernel takes only one: it does not tell them apart by where they go on. */
function placeOf(change: RuleChange): string | RuleChange {
  const { action, family, priority } = change.rule;
  return action === ACTION_GOTO ? `${family} ${priority} ${subjectOf(change.rule)}` : change;
}

/** Whether what a new rule is about has used its table by an old one, which others' rules do not come before. */
function isUsedBefore(rule: Rule, old: Rule): boolean {
  if (old.priority !== rule.priority) return old.priority < rule.priority;
  return old.iif !== undefined && rule.from !== undefined &&
    covers(parsePrefix(old.from!)!, parsePrefix(rule.from)!);
}

function tableIdentity({ family, table }: { family: Family; table: number }): number {
  return table * 10 + family;
}

function routeIdentity({ family, table, key, metric, path }: RouteChange): string {
  return `${family} ${table} ${key} ${metric} ${path}`;
}

/** Changes by their keys' rank, ascending; at one rank as they came. */
function byRank(changes: readonly RouteChange[], rank: (change: RouteChange) => number): RouteChange[][] {
  const groups = Map.groupBy(changes, rank);
  return [...groups.keys()].sort((a, b) => a - b).map((key) => groups.get(key)!);
}
