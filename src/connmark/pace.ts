/** How often what other programs undo is repaired. Times are in milliseconds, of any clock. */

/** So many repairs are made within so long; of a program that goes on undoing them one in so long. */
const BURST = 10, WINDOW = 10_000;

/** Other programs' undoing of what is written here is repaired at once, but not for ever at full speed. */
export class Pace {
  #repairs: number[] = [];
  #isFought = false;

  /** Whether a repair may be made now, which counts then; and whether that is worth telling. */
  repair(now: number): { isAllowed: boolean; isNews: boolean } {
    this.#repairs = this.#repairs.filter((time) => now - time < WINDOW);
    const isAllowed = this.#repairs.length < BURST;
    const isNews = this.#repairs.length === 0 || (!isAllowed && !this.#isFought);
    this.#isFought = !isAllowed || (this.#isFought && this.#repairs.length > 0);
    if (isAllowed) this.#repairs.push(now);
    return { isAllowed, isNews };
  }

  /** In how many milliseconds the next repair may be made. */
  endsIn(now: number): number {
    if (this.#repairs.length < BURST) return 0;
    return Math.max(1, Math.ceil(this.#repairs[0] + WINDOW - now));
  }
}
