/** Other programs that undo what is written here, again and again: they are not fought at full speed. */

import type { Change, RuleChange } from "./model/change.ts";
import type { Log } from "./log.ts";
import type { Family } from "./model/address.ts";
import { ruleIdentity } from "./model/records.ts";
import { subjectOf } from "./model/subject.ts";
import type { FamilyPlan } from "./plan/plan.ts";

/**
 * So many repairs of one place are made at once, and one more for each interval in milliseconds that passes: a program
 * that is restarted, even several times in a row, undoes what it does not know each time, and is no fighter.
 */
const BURST = 10, INTERVAL = 500;
/**
 * How long a place of a fight is left alone, in milliseconds, at least and at most: in between for a tenth of the time that
 * the fight has lasted, so that what was a short one is soon made good.
 */
const SHORTEST_REST = 500, LONGEST_REST = 10_000, SHARE = 10;
/** A repair that stood for so long was not fought. */
const STANDS = 2000;
/** A fight is over when nothing has been undone for so long. */
const MEMORY = 10_000;

const NOTHING: Set<number | string> = new Set();

interface Fight {
  /** When the first repair was made that did not stand. */
  since: number;
  /** How many repairs may be made at once, as of the last one. */
  left: number;
  /** When the last repair was made. */
  repaired: number;
  /** Until when the place is left alone. */
  until: number;
  told: boolean;
}

/** Times are in milliseconds, of any clock. A place is a table, or the rules, of one family. */
export class Truce {
  readonly #log: Log;
  readonly #fights = new Map<string, Fight>();
  /** The places that another program has changed since the last pass, and what of them: keys, or the subjects of rules. */
  readonly #troubled = new Map<string, Set<number | string>>();
  /** The places where repairs were held back. */
  readonly #owed = new Map<string, { family: Family; what: Set<number | string> }>();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * Is told that another program has changed some keys of a table of ours, or has taken away our rules about some
   * subjects or added to them.
   */
  trouble(family: Family, { table, what }: { table?: number; what: ReadonlySet<number | string> }): void {
    const place = placeName(family, table);
    this.#troubled.set(place, what.union(this.#troubled.get(place) ?? new Set()));
  }

  /** Leaves out the repairs of places that are to be left alone for now; all other changes are made. */
  sift<T extends Change>(changes: readonly T[], now: number): readonly T[] {
    if (this.#troubled.size === 0 && this.#owed.size === 0) return changes;
    const verdicts = new Map<string, boolean>();
    return changes.filter((change) => {
      const { family } = "rule" in change ? change.rule : change;
      const place = placeName(family, "rule" in change ? undefined : change.table);
      // What is held back stays so, whatever else makes the same key dirty.
      const owed = this.#owed.get(place)?.what ?? NOTHING;
      const what = this.#troubled.get(place)?.union(owed) ?? owed;
      if (!what.has("rule" in change ? subjectOf(change.rule) : change.key)) return true;
      let mayRepair = verdicts.get(place);
      if (mayRepair === undefined) verdicts.set(place, mayRepair = this.#mayRepair(place, now));
      if (!mayRepair) this.#owed.set(place, { family, what });
      return mayRepair;
    });
  }

  /** Ends a pass: trouble that led to no change was none. */
  endPass(): void {
    this.#troubled.clear();
  }

  #mayRepair(place: string, now: number): boolean {
    const fight = this.#fights.get(place) ??
      { since: now, left: BURST, repaired: -Infinity, until: -Infinity, told: false };
    this.#fights.set(place, fight);
    if (now < fight.until) return false;
    const stood = now - fight.repaired, isOwed = fight.repaired < fight.until;
    if (stood >= STANDS && !isOwed) Object.assign(fight, { since: now, until: -Infinity });
    const left = Math.min(BURST, fight.left + stood / INTERVAL);
    // One repair follows each time of rest: who undoes that too has not stopped.
    const isFought = fight.until === -Infinity ? left < 1 : !isOwed;
    if (isFought) this.#leaveAlone(place, { fight, now });
    else Object.assign(fight, { left: Math.max(0, left - 1), repaired: now });
    return !isFought;
  }

  #leaveAlone(place: string, { fight, now }: { fight: Fight; now: number }): void {
    if (!fight.told) {
      this.#log.warn(
        `another program keeps changing ${place}: it is put right only now and then until that ends`,
      );
    }
    fight.told = true;
    fight.until = now + Math.min(Math.max((now - fight.since) / SHARE, SHORTEST_REST), LONGEST_REST);
  }

  /** The families in which repairs that were held back may be made now; forgets the fights that are over. */
  resume(now: number): Set<Family> {
    for (const [place, fight] of this.#fights) {
      if (endOf(fight) > now) continue;
      if (fight.told) this.#log.info(`nobody else changes ${place} any more`);
      this.#fights.delete(place);
    }
    const due = [...this.#owed].filter(([place]) => (this.#fights.get(place)?.until ?? -Infinity) <= now);
    for (const [place, { what }] of due) {
      this.#owed.delete(place);
      this.#troubled.set(place, what);
    }
    return new Set(due.map(([, { family }]) => family));
  }

  /** Whether repairs are held back. */
  get isHolding(): boolean {
    return this.#owed.size > 0;
  }

  /** In how many milliseconds the next hold, or the memory of a fight, ends; undefined where there is none. */
  endsIn(now: number): number | undefined {
    const ends = [...this.#fights.values()].map((fight) => fight.until > now ? fight.until : endOf(fight));
    // A hold may have ended since `resume` was asked.
    for (const place of this.#owed.keys()) ends.push(this.#fights.get(place)?.until ?? now);
    return ends.length === 0 ? undefined : Math.max(1, Math.ceil(Math.min(...ends) - now));
  }
}

/** When nobody remembers it, if nothing is undone until then. */
function endOf({ repaired, until }: Fight): number {
  return Math.max(repaired, until) + MEMORY;
}

function placeName(family: Family, table: number | undefined): string {
  return table === undefined ? `our rules (IPv${family})` : `table ${table} (IPv${family})`;
}

/** The subjects of those rules to be changed that another program has changed; `before`: what was planned to be there. */
export function undoneSubjects(changes: readonly RuleChange[], before: FamilyPlan): Set<string> {
  const wanted = new Set(before.rules.map(ruleIdentity));
  const isTroubled = ({ op, rule }: RuleChange) => {
    const wasWanted = wanted.has(ruleIdentity(rule));
    // A rule of our form, about what has had its rule all the time, was not written here.
    return op === "add-rule" ? wasWanted : !wasWanted && before.ways.steers(rule);
  };
  return new Set(changes.filter(isTroubled).map(({ rule }) => subjectOf(rule)));
}
