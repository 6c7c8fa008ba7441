/** What a pass came to, in numbers and in words. */

import type { Change } from "./model/change.ts";

export interface Outcome {
  readonly rulesAdded: number;
  readonly rulesRemoved: number;
  readonly routesAdded: number;
  readonly routesRemoved: number;
  /** Changes that the kernel refused, or whose fate is unknown. */
  readonly refused: number;
  /** In words, what was done for marks beside rules. */
  readonly marks: readonly string[];
}

export function tally(changes: readonly Change[], refused: readonly Change[]): Outcome {
  const failed = new Set(refused);
  const count = (...ops: Change["op"][]) =>
    changes.filter((one) => ops.includes(one.op) && !failed.has(one)).length;
  return {
    rulesAdded: count("add-rule"),
    rulesRemoved: count("delete-rule"),
    routesAdded: count("append", "prepend", "replace"),
    routesRemoved: count("delete"),
    refused: refused.length,
    marks: [],
  };
}

/** What two passes came to. */
export function together(first: Outcome, second: Outcome): Outcome {
  return {
    rulesAdded: first.rulesAdded + second.rulesAdded,
    rulesRemoved: first.rulesRemoved + second.rulesRemoved,
    routesAdded: first.routesAdded + second.routesAdded,
    routesRemoved: first.routesRemoved + second.routesRemoved,
    refused: second.refused,
    marks: [...first.marks, ...second.marks],
  };
}

/** Whether rules came or went, or what marks need: what an operator would want to know of. */
export function changedRules({ rulesAdded, rulesRemoved, marks }: Outcome): boolean {
  return rulesAdded + rulesRemoved > 0 || marks.length > 0;
}

export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

/** What is not as it should be. */
export interface Troubles {
  /** Interfaces that are skipped because others have their tables. */
  readonly conflicts: number;
  /** Changes that the kernel refused in the last pass. */
  readonly refused: number;
  /** Whether repairs wait because another program undoes them. */
  readonly isHolding: boolean;
}

/** What is in place, in one line, with what is not well. */
export function state(
  inPlace: { rules: number; routes: number },
  { conflicts, refused, isHolding }: Troubles,
): string {
  return [
    `${count(inPlace.rules, "rule")}, ${count(inPlace.routes, "route")} in place`,
    ...(conflicts > 0 ? [count(conflicts, "conflict")] : []),
    ...changes(refused, "change", "refused"),
    ...(isHolding ? ["repairs wait"] : []),
  ].join("; ");
}

/** What a pass changed, in one line. */
export function summary(outcome: Outcome): string {
  const { rulesAdded, rulesRemoved, routesAdded, routesRemoved, refused, marks } = outcome;
  const parts = [
    ...changes(rulesAdded, "rule", "added"),
    ...changes(routesAdded, "route", "added"),
    ...changes(rulesRemoved, "rule", "removed"),
    ...changes(routesRemoved, "route", "removed"),
    ...marks,
    ...changes(refused, "change", "refused"),
  ];
  return parts.length === 0 ? "nothing to do" : parts.join(", ");
}

function changes(number: number, thing: string, what: string): string[] {
  return number === 0 ? [] : [`${count(number, thing)} ${what}`];
}
