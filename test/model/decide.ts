// What the program would do about a world: the way of src/reconcile.ts from plan to changes, without a kernel.

import assert from "node:assert/strict";
import { changeCommand, namesOf, storedRouteText } from "../../src/describe.ts";
import { diffKey, diffRules, type RouteDiff } from "../../src/diff.ts";
import type { Change, RouteOfTable } from "../../src/model/change.ts";
import { order, type Stages } from "../../src/order.ts";
import { refreshes6 } from "../../src/refresh.ts";
import { FAMILIES } from "../../src/model/address.ts";
import type { RouteStore } from "../../src/model/store.ts";
import { DEFAULTS, type Options } from "../../src/plan/options.ts";
import { isOurs } from "../../src/plan/ownership.ts";
import type { Note } from "../../src/plan/note.ts";
import type { Observed } from "../../src/plan/observed.ts";
import type { Held } from "../../src/plan/held.ts";
import { type Plan, plan, planFlush } from "../../src/plan/plan.ts";
import { FakeKernel } from "./fake_kernel.ts";
import { lines } from "./words.ts";
import { readWorld, type WorldText } from "./world.ts";

export interface Wish extends Partial<Options> {
  /** As `--flush`. */
  readonly flush?: boolean;
  /** What a running program knows of its last pass. */
  readonly held?: Held;
}

export interface Decision extends Stages {
  readonly plan: Plan;
  readonly changes: readonly Change[];
  /** The changes as `ip` commands, in order. */
  readonly commands: readonly string[];
  readonly notes: readonly Note[];
  /** Routes in tables of ours that are left as they are, as `ip` writes them. */
  readonly foreign: readonly string[];
  readonly left: readonly RouteOfTable[];
}

export function decide(observed: Observed, { flush, held, ...wish }: Wish = {}): Decision {
  const options = { ...DEFAULTS, ...wish };
  const planned = (flush ? planFlush : plan)(observed, options, held);
  const diff: RouteDiff = { changes: [], foreign: [] };
  const rules = FAMILIES.flatMap((family) => {
    const { store, rules } = observed.families[family];
    const of = planned.families[family];
    for (const key of of.mirror.keys()) diffKey(key, of, { store, diff });
    const ours = rules.filter((rule) => isOurs(rule, { options, addresses: observed.addresses }));
    return diffRules(planned.families[family].rules, ours);
  });
  const stores: Record<4 | 6, RouteStore> = { 4: observed.families[4].store, 6: observed.families[6].store };
  const stages = order(rules, diff.changes, {
    rank: ({ family, key }) => stores[family].keys.rank(key),
    isInUse: ({ family, table }) => planned.families[family].targets.some((target) => target.table === table),
    concerns: (rule) => planned.families[rule.family].ways.concerns(rule),
    misleads: (rule) => planned.families[rule.family].ways.misleads(rule),
    isEmpty: ({ family, table }) => observed.families[family].facts.tableSize(table) === 0,
  });
  const vocabulary = { stores, names: namesOf(observed.links) };
  const { store, rules: rules6 } = observed.families[6];
  const { changes: last } = refreshes6(diff.changes, { plan: planned.families[6], store, rules: rules6 });
  const then = [...stages.then, ...last], changes = [...stages.first, ...then];
  return {
    first: stages.first,
    then,
    plan: planned,
    changes,
    notes: planned.notes,
    left: diff.foreign,
    // Few ask for texts, and many decide.
    get commands() {
      return changes.map((change) => changeCommand(change, vocabulary));
    },
    get foreign() {
      return diff.foreign.map((route) => storedRouteText(route, vocabulary));
    },
  };
}

/** Decides, and makes sure that once the kernel has made the changes, in that order, nothing is left to be done. */
export function settle(observed: Observed, wish: Wish = {}): Decision {
  const decision = decide(observed, wish);
  const kernel = new FakeKernel(observed);
  for (const change of decision.changes) kernel.apply(change);
  assert.deepEqual(decide(kernel.observe(), wish).commands, [], "a second look at the same world");
  return decision;
}

/** That a world leads to exactly these commands. */
export function assertCommands(world: WorldText, expected: string, wish: Wish = {}): Decision {
  const decision = settle(readWorld(world), wish);
  assert.deepEqual(decision.commands, lines(expected));
  return decision;
}

/** The routes that a table should have, as `ip` writes them: what would be put into it were it empty, shortest last. */
export function tableOf(world: WorldText, { table, ...wish }: Wish & { table: number }): string[] {
  const mark = ` table ${table} `;
  return settle(readWorld(world), wish).commands
    .filter((command) => command.includes(` route append `) || command.includes(` route replace `))
    .filter((command) => `${command} `.includes(mark))
    .map((command) => `${command} `.replace(mark, " ").replace(/^.* route \w+ /, "").trim());
}

/** The sentences about one interface or address, without its name. */
export function notesOn(name: string, { notes }: Decision): string[] {
  return notes.map(({ text }) => text).filter((text) =>
    text.startsWith(`${name}: `) || text.startsWith(`${name} (`)
  )
    .map((text) => text.slice(name.length).replace(/^: /, "").trim());
}

/** The errors and warnings. */
export function troubles({ notes }: Decision): string[] {
  return notes.filter(({ kind }) => kind !== "reason").map(({ kind, text }) => `${kind}: ${text}`);
}
