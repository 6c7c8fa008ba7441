/** The changes that turn the routes of one key and table into those that are wanted, as each family's kernel code has it. */

import { partition } from "./model/lists.ts";
import { fitsDelete, type Paths } from "./model/paths.ts";
import type { Entry } from "./plan/mirror.ts";

/** A change to one key and table. */
export interface Step extends Entry {
  readonly op: "append" | "prepend" | "replace" | "delete";
}

/** A route among those of its key and table, in the kernel's order; one that is `foreign` stays where it is. */
export interface Stacked extends Entry {
  readonly foreign: boolean;
}

/**
 * IPv6 has one route of a metric: writing it replaces what was there. New before old. A metric that a foreign route has
 * is left to it.
 */
export function steps6(wanted: readonly Entry[], there: readonly Stacked[]): Step[] {
  const [foreign, own] = partition(there, (entry) => entry.foreign);
  const ours = wanted.filter(({ metric }) => !foreign.some((entry) => entry.metric === metric));
  const isGone = ({ metric }: Entry) => !ours.some((entry) => entry.metric === metric);
  const isExtra = (entry: Entry) =>
    !hasEntry(ours, entry) && ours.some((one) => one.metric === entry.metric && hasEntry(own, one));
  return [
    ...ours.filter((entry) => !hasEntry(own, entry)).map((entry): Step => step("replace", entry)),
    // Two of one metric are not what was written here, but may be what somebody made of it.
    ...own.filter((entry) => isGone(entry) || isExtra(entry)).map((entry): Step => step("delete", entry)),
  ];
}

function step(op: Step["op"], { metric, path }: Entry): Step {
  return { op, metric, path };
}

/** IPv4 stacks routes of one metric: the first is used, so that their order counts. */
export function steps4(wanted: readonly Entry[], stacked: readonly Stacked[], paths: Paths): Step[] {
  const own = stacked.filter(({ foreign }) => !foreign);
  if (sameEntries(wanted, own)) return [];
  if (own.length === 0) return wanted.map(({ metric, path }) => ({ op: "append", metric, path }));
  const metrics = new Set([...wanted, ...own].map((entry) => entry.metric));
  return [...metrics].sort((a, b) => a - b).flatMap((metric) => {
    const at = (entry: Entry) => entry.metric === metric;
    return stack(wanted.filter(at), stacked.filter(at), paths);
  });
}

/**
 * Brings the routes of one metric into the wanted order. New before old, or in its place. The kernel deletes the first
 * route that a request fits, so of several ways the first is taken in which that is the one that is meant, and, where there
 * is such a way, in which no third route is ever the one in use.
 */
function stack(wanted: readonly Entry[], stacked: readonly Stacked[], paths: Paths): Step[] {
  const gone = stacked.filter((entry) => !entry.foreign && !hasEntry(wanted, entry));
  const placed = placing(wanted, stacked);
  const rest = placed[0]?.op === "replace" ? gone.slice(1) : gone;
  const behind = wanted.flatMap((entry) => moving(entry, stacked));
  const deletes = (entries: readonly Entry[]) =>
    entries.map(({ metric, path }): Step => ({ op: "delete", metric, path }));
  const ways = [
    [...placed, ...deletes(rest)],
    [...placed, ...deletes(rest.toReversed())],
    [...behind, ...deletes(gone)],
    [...behind, ...deletes(gone.toReversed())],
  ];
  let right: Step[] | undefined;
  for (const steps of ways) {
    const stacks = simulated(steps, { wanted, stacked, paths }), last = stacks.at(-1)!;
    const [foreign, own] = partition(last, (entry) => entry.foreign);
    const isRight = sameEntries(own, wanted) &&
      foreign.length === stacked.filter((entry) => entry.foreign).length;
    if (isRight && stacks.every(([used]) => used === stacked[0] || used === last[0])) return steps;
    if (isRight) right ??= steps;
  }
  return right ?? ways[0];
}

/** Puts what is wanted in front of what is not; what stands in the right order already, from the first on, stays. */
function placing(wanted: readonly Entry[], stacked: readonly Stacked[]): Step[] {
  const steps: Step[] = [];
  let next = 0, kept = 0;
  if (wanted.length > 0 && stacked.length > 0 && !hasEntry(stacked, wanted[0])) {
    const inPlace = !stacked[0].foreign && !hasEntry(wanted, stacked[0]);
    steps.push({ op: inPlace ? "replace" : "prepend", ...wanted[next++] });
  }
  for (; next < wanted.length; next++) {
    const found = stacked.findIndex((entry, i) =>
      i >= kept && !entry.foreign && sameEntry(entry, wanted[next])
    );
    if (found < 0) break;
    kept = found + 1;
  }
  return [...steps, ...wanted.slice(next).flatMap((entry) => moving(entry, stacked))];
}

/** Puts a route behind all others. */
function moving({ metric, path }: Entry, stacked: readonly Stacked[]): Step[] {
  const isThere = stacked.some((entry) => !entry.foreign && entry.path === path);
  return [...(isThere ? [{ op: "delete", metric, path } as const] : []), { op: "append", metric, path }];
}

/** A stack, and what the kernel makes of it step by step, when `order` puts what is to go behind all else, the last first. */
function simulated(
  steps: readonly Step[],
  { wanted, stacked, paths }: { wanted: readonly Entry[]; stacked: readonly Stacked[]; paths: Paths },
): Stacked[][] {
  const stacks = [[...stacked]];
  const [going, staying] = partition(steps, (step) => step.op === "delete" && !hasEntry(wanted, step));
  for (const { op, metric, path } of [...staying, ...going.reverse()]) {
    const next = [...stacks.at(-1)!], entry = { metric, path, foreign: false };
    if (op === "append") next.push(entry);
    else if (op === "prepend") next.unshift(entry);
    else if (op === "replace") next[0] = entry;
    else {
      const hit = next.findIndex((there) => fitsDelete(paths.get(path), paths.get(there.path)));
      if (hit >= 0) next.splice(hit, 1);
    }
    stacks.push(next);
  }
  return stacks;
}

function sameEntry(a: Entry, b: Entry): boolean {
  return a.metric === b.metric && a.path === b.path;
}

export function hasEntry(entries: readonly Entry[], wanted: Entry): boolean {
  return entries.some((entry) => sameEntry(entry, wanted));
}

function sameEntries(a: readonly Entry[], b: readonly Entry[]): boolean {
  return a.length === b.length && a.every((entry, i) => sameEntry(entry, b[i]));
}
