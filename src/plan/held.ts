/** What a running program knows of the pass before, that no form tells: who starts anew knows nothing of it. */

import type { Family } from "../model/address.ts";
import type { FamilyPlan } from "./plan.ts";

export interface HeldFamily {
  /** The tables that were ours: they still are, though another program has removed their rules. */
  readonly tables: ReadonlySet<number>;
  /** The interfaces that were inside, so that their routes were put into every table. */
  readonly inside: ReadonlySet<number>;
  /** From a local address to the interface that had it, into whose table the routes with that source were put. */
  readonly sources: ReadonlyMap<string, number>;
}

export type Held = Readonly<Record<Family, HeldFamily>>;

const NOTHING: HeldFamily = { tables: new Set(), inside: new Set(), sources: new Map() };
export const NOTHING_HELD: Held = { 4: NOTHING, 6: NOTHING };

/** What is known after a pass; `undone` are the tables in which it has left routes unchanged that are to be changed. */
export function heldAfter(plan: FamilyPlan, undone: ReadonlySet<number> = new Set()): HeldFamily {
  const { targets, released, inside, sources, held } = plan;
  // Of the tables that were to be emptied those that have been are nobody's.
  const left = released.filter(({ table }) => undone.has(table));
  const tables = new Set([...targets, ...left].map(({ table }) => table));
  if (undone.size === 0) return { tables, inside, sources };
  return { tables, inside: inside.union(held.inside), sources: new Map([...held.sources, ...sources]) };
}
