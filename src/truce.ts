/** Other programs that undo what is written here, again and again: they are not fought at full speed. */

import type { Change } from "./model/change.ts";
import type { Log } from "./log.ts";
import type { Family } from "./model/address.ts";

/** So many repairs of one place within so many milliseconds make a fight. */
const LIMIT = 5, WINDOW = 10_000;
/** How long a place of a fight is left alone, in milliseconds: at first, and at most. */
const FIRST_HOLD = 1000, LONGEST_HOLD = 10_000;

interface Fight {
  /** When the place was put right, within the window. */
  repairs: number[];
  /** How long the place is left alone; 0 where there is no fight. */
  hold: number;
  /** Until when. */
  until: number;
}

/** Times are in milliseconds, of any clock. A place is a table, or the rules, of one family. */
export class Truce {
  readonly #log: Log;
  readonly #fights = new Map<string, Fight>();
  /** The places that another program has changed since the last pass, and what of them: keys, or the sources of rules. */
  readonly #troubled = new Map<string, Set<number | string>>();
  /** The places where repairs were held back. */
  readonly #owed = new Map<string, { family: Family; what: Set<number | string> }>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Is told that another program has changed some keys of a table of ours, or taken away our rules for some sources. */
  trouble(family: Family, { table, what }: { table?: number; what: ReadonlySet<number | string> }): void {
    const place = placeName(family, table);
    this.#troubled.set(place, what.union(this.#troubled.get(place) ?? new Set()));
  }

  /** Leaves out the repairs of places that are to be left alone for now; all other changes are made. */
  sift<T extends Change>(changes: readonly T[], now: number): readonly T[] {
    if (this.#troubled.size === 0) return changes;
    const verdicts = new Map<string, boolean>();
    return changes.filter((change) => {
      if (change.op === "delete-rule") return true;
      const { family } = "rule" in change ? change.rule : change;
      const place = placeName(family, "rule" in change ? undefined : change.table);
      const what = this.#troubled.get(place);
      if (!what?.has("rule" in change ? change.rule.from! : change.key)) return true;
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
    const fight = this.#fights.get(place) ?? { repairs: [], hold: 0, until: -Infinity };
    this.#fights.set(place, fight);
    if (fight.until > now) return false;
    // One repair follows each hold: who undoes that too has not stopped.
    const goesOn = fight.hold > 0 && fight.repairs.length > 0;
    fight.repairs = [...fight.repairs.filter((time) => now - time < WINDOW), now];
    if (!goesOn && fight.repairs.length < LIMIT) return true;
    if (fight.hold === 0) {
      this.#log.warn(
        `another program keeps changing ${place}: it is put right only now and then until that ends`,
      );
    }
    fight.hold = Math.min(Math.max(2 * fight.hold, FIRST_HOLD), LONGEST_HOLD);
    fight.until = now + fight.hold;
    fight.repairs = [];
    return false;
  }

  /** The families in which repairs that were held back may be made now; forgets the fights that are over. */
  resume(now: number): Set<Family> {
    for (const [place, { repairs, hold, until }] of this.#fights) {
      if (until > now - WINDOW || repairs.some((time) => now - time < WINDOW)) continue;
      if (hold > 0) this.#log.info(`nobody else changes ${place} any more`);
      this.#fights.delete(place);
    }
    const due = [...this.#owed].filter(([place]) => (this.#fights.get(place)?.until ?? -Infinity) <= now);
    for (const [place, { what }] of due) {
      this.#owed.delete(place);
      this.#troubled.set(place, what);
    }
    return new Set(due.map(([, { family }]) => family));
  }

  /** In how many milliseconds the next hold, or the memory of a fight, ends; undefined where there is none. */
  endsIn(now: number): number | undefined {
    const ends = [...this.#fights.values()].map(({ until, repairs }) =>
      until > now ? until : Math.max(until, ...repairs) + WINDOW
    );
    return ends.length === 0 ? undefined : Math.max(1, Math.ceil(Math.min(...ends) - now));
  }
}

function placeName(family: Family, table: number | undefined): string {
  return table === undefined ? `our rules (IPv${family})` : `table ${table} (IPv${family})`;
}
