/** When what is refused is tried again. Times are in milliseconds, of any clock. */

/** What is refused is tried again after so long: at first, and at most. */
const FIRST_DELAY = 500, LONGEST_DELAY = 30_000;

/** What is refused is tried again, later each time. */
export class Retry {
  #delay = 0;
  #due = 0;

  schedule(now: number, { isNew }: { isNew: boolean }): void {
    this.#delay = isNew ? FIRST_DELAY : Math.min(2 * this.#delay, LONGEST_DELAY);
    this.#due = now + this.#delay;
  }

  isDue(now: number): boolean {
    return now >= this.#due;
  }

  dueIn(now: number): number {
    return Math.max(1, Math.ceil(this.#due - now));
  }
}
