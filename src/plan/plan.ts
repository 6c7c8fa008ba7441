/** From what the kernel has to what it should have: roles, tables, rules, and a reason for whatever is left out. */

import { FAMILIES, type Family } from "../model/address.ts";
import { MarkSpace } from "../model/marks.ts";
import { markSubject, subjectOf } from "../model/subject.ts";
import type { Rule } from "../model/records.ts";
import { arpNotes } from "./arp.ts";
import { type Held, type HeldFamily, NOTHING_HELD } from "./held.ts";
import { Ways } from "./locals.ts";
import { assignMarks, claimedMarks, type Claims, type Marks } from "./marks.ts";
import type { Mirror, Target } from "./mirror.ts";
import { neighbourNotes } from "./neighbours.ts";
import type { Note } from "./note.ts";
import type { Observed } from "./observed.ts";
import type { Options } from "./options.ts";
import { leftoverNotes, overlapNotes } from "./overlaps.ts";
import { releasedTables } from "./released.ts";
import { markRules, sourceRules } from "./rules.ts";
import { type Choice, chooseTargets, type Survey, survey } from "./survey.ts";

/** What the kernel should have. */
export interface Plan {
  /** Undefined where connections are not marked. */
  readonly marks?: Marks;
  readonly families: Readonly<Record<Family, FamilyPlan>>;
  readonly notes: readonly Note[];
}

export interface FamilyPlan {
  readonly family: Family;
  readonly targets: readonly Target[];
  /** Tables that are ours and no target's, to be emptied: each with its interface, where it has one (else 0). */
  readonly released: readonly Target[];
  /** Whether one of them is to be taken again as soon as it is empty. */
  readonly postponed: boolean;
  /** Tables that somebody else has, as long as they are not empty or their rules stay. */
  readonly contested: readonly number[];
  readonly rules: readonly Rule[];
  readonly inside: ReadonlySet<number>;
  readonly sources: ReadonlyMap<string, number>;
  readonly ways: Ways;
  readonly mirror: Mirror;
  /** What it was made with. */
  readonly held: HeldFamily;
  /** All that the routes of every table depend on beside main, as one text: equal texts, equal routes. */
  readonly signature: string;
}

export function plan(observed: Observed, options: Options, held: Held = NOTHING_HELD): Plan {
  const claims = claimedMarks(observed, options);
  const surveyed = (family: Family) =>
    survey({ family, observed, options, notes: [], held: held[family], claims });
  const surveys = { 4: surveyed(4), 6: surveyed(6) };
  const choices = { 4: chooseTargets(surveys[4]), 6: chooseTargets(surveys[6]) };
  const { marks, notes } = options.connmark
    ? assignMarks({ 4: choices[4].targets, 6: choices[6].targets }, { observed, options, claims })
    : { marks: undefined, notes: [] };
  const of = (family: Family) => planFamily(surveys[family], { choice: choices[family], marks });
  const families = { 4: of(4), 6: of(6) };
  const ofMarks = options.connmark ? [...notes, ...overlapNotes(observed, options)] : [];
  const ofFamilies = [...surveys[4].work.notes, ...surveys[6].work.notes];
  return { marks, families, notes: [...ofFamilies, ...ofMarks, ...leftoverNotes(observed, options)] };
}

/** The plan that leaves nothing of ours: the same, with no interface taking part. */
export function planFlush(observed: Observed, options: Options, held: Held = NOTHING_HELD): Plan {
  const nothing = { ...options, interfaces: [], connmark: false };
  return { ...plan(observed, nothing, held), notes: [] };
}

function planFamily(survey: Survey, { choice, marks }: { choice: Choice; marks?: Marks }): FamilyPlan {
  const { work, addresses, sources, owners, locals, others, ourTables, inside, mirror } = survey;
  const { family, observed, options, notes, held } = work, { postponed, contested } = choice;
  const byLink = Map.groupBy(addresses, ({ ifindex }) => ifindex);
  const markOf = new Map(marks?.uplinks.map(({ ifindex, mark }) => [ifindex, mark]));
  // To a table of neither nothing would lead.
  const targets = choice.targets.filter(({ ifindex }) => byLink.has(ifindex) || markOf.has(ifindex));
  const tableOf = new Map(targets.map(({ ifindex, table }) => [ifindex, table]));
  const tables = new Map(
    targets.flatMap(({ ifindex, table }) =>
      (byLink.get(ifindex) ?? []).map(({ ip }) => [ip, table] as const)
    ),
  );
  if (family === 4) notes.push(...arpNotes(observed, (ifindex) => tableOf.has(ifindex)));
  const ofMarks = markRules(targets, { family, options, markOf });
  const rules = [...sourceRules({ family, observed, options, addresses, tables }), ...ofMarks];
  notes.push(...neighbourNotes(others, { desired: rules, steered: tables.keys() }));
  const inUse = new Set(tableOf.values());
  const released = releasedTables(ourTables.difference(inUse), { ...work, ...survey });
  return {
    family,
    targets,
    released,
    postponed,
    contested,
    rules,
    inside,
    sources,
    ways: new Ways(locals, {
      tables: new Map([...tables, ...ofMarks.map((rule) => [subjectOf(rule), rule.table] as const)]),
      subjects: new Set(
        options.connmark ? [...owners.keys(), ...general(work.claims, options)] : sources.keys(),
      ),
    }),
    mirror,
    held,
    signature: JSON.stringify([targets, released, survey.circumstances]),
  };
}

/** What rules are about beside uplinks, where there is a mark at all: those that main is to answer, and where they go on. */
function general(claims: Claims, { markMask }: Options): string[] {
  return claims.size === 0 ? [] : [markSubject(new MarkSpace(markMask).main), "all"];
}

/** Whether a conflict has left out every interface that would take part. */
export function allInConflict({ families, notes }: Plan): boolean {
  return notes.some(({ kind }) => kind === "conflict") &&
    FAMILIES.every((family) => families[family].targets.length === 0);
}
