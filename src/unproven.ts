/** What was read while it changed, so that what is absent from it is not known to be absent: to be read again later. */

import type { Family } from "./model/address.ts";
import { type Doubt, doubtName } from "./stale.ts";

/** After how many milliseconds it is read again: at first, and at most; each time the delay doubles. */
const FIRST_DELAY = 500, LONGEST_DELAY = 30_000;

interface Entry {
  /** Undefined for the rules. */
  readonly doubt?: Doubt;
  delay: number;
  due: number;
}

/** Times are in milliseconds, of any clock. */
export class Unproven {
  readonly #entries = new Map<string, Entry>();

  get any(): boolean {
    return this.#entries.size > 0;
  }

  get rules(): boolean {
    return this.#entries.has(nameOf());
  }

  hasTable(family: Family, table: number): boolean {
    return [...this.#entries.values()].some(({ doubt }) => doubt?.family === family && doubt.table === table);
  }

  /** Is told that the routes, or else the rules, changed while they were read. */
  add(doubt: Doubt | undefined, now: number): void {
    const name = nameOf(doubt);
    if (!this.#entries.has(name)) {
      this.#entries.set(name, { doubt, delay: FIRST_DELAY, due: now + FIRST_DELAY });
    }
  }

  /** Is told that the routes, or else the rules, have been read whole. */
  remove(doubt?: Doubt): void {
    this.#entries.delete(nameOf(doubt));
    if (!doubt || doubt.ifindex !== undefined) return;
    for (const [name, { doubt: one }] of this.#entries) {
      if (one?.family === doubt.family && one.table === doubt.table) this.#entries.delete(name);
    }
  }

  /** In how many milliseconds to read again; undefined where there is nothing to read. */
  dueIn(now: number): number | undefined {
    if (!this.any) return undefined;
    const due = Math.min(...[...this.#entries.values()].map((entry) => entry.due));
    return Math.max(1, Math.ceil(due - now));
  }

  /** Tells what is to be read again, if it is time; it stays unproven until it is said to be read. */
  due(now: number): { rules: boolean; doubts: Doubt[] } {
    const due = [...this.#entries.values()].filter((entry) => entry.due <= now);
    for (const entry of due) {
      entry.delay = Math.min(2 * entry.delay, LONGEST_DELAY);
      entry.due = now + entry.delay;
    }
    return {
      rules: due.some(({ doubt }) => !doubt),
      doubts: due.flatMap(({ doubt }) => doubt ?? []),
    };
  }
}

function nameOf(doubt?: Doubt): string {
  return doubt ? doubtName(doubt) : "rules";
}
