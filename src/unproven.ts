/** What was read while it changed, so that what is absent from it is not known to be absent: to be read again later. */

import type { Family } from "./model/address.ts";
import { type Doubt, doubtName } from "./stale.ts";

/** After how many milliseconds it is read again: at first, and at most. */
const FIRST_DELAY = 500, LONGEST_DELAY = 30_000;

/** Times are in milliseconds, of any clock. */
export class Unproven {
  rules = false;
  readonly #doubts = new Map<string, Doubt>();
  #delay = 0;
  #due = 0;

  get any(): boolean {
    return this.rules || this.#doubts.size > 0;
  }

  hasTable(family: Family, table: number): boolean {
    return [...this.#doubts.values()].some((doubt) => doubt.family === family && doubt.table === table);
  }

  add(doubt: Doubt): void {
    this.#doubts.set(doubtName(doubt), doubt);
  }

  remove(doubt: Doubt): void {
    this.#doubts.delete(doubtName(doubt));
  }

  /** Sets when to read again: each time later, until all is proven. */
  schedule(now: number): void {
    if (!this.any) this.#delay = 0;
    else if (this.#delay === 0) {
      this.#delay = FIRST_DELAY;
      this.#due = now + this.#delay;
    }
  }

  /** In how many milliseconds to read again; undefined where there is nothing to read. */
  dueIn(now: number): number | undefined {
    return this.any ? Math.max(1, Math.ceil(this.#due - now)) : undefined;
  }

  /** Hands over what is to be read again, if it is time. */
  take(now: number): { rules: boolean; doubts: Doubt[] } {
    if (!this.any || now < this.#due) return { rules: false, doubts: [] };
    const taken = { rules: this.rules, doubts: [...this.#doubts.values()] };
    this.rules = false;
    this.#doubts.clear();
    this.#delay = Math.min(2 * this.#delay, LONGEST_DELAY);
    this.#due = now + this.#delay;
    return taken;
  }
}
