// Random choices that can be made again: everything follows from a seed, which each test names where it fails.

/** The seed of this run: SEED, or always the same. */
export const SEED = Number(Deno.env.get("SEED") ?? 20260101) >>> 0;

/** A source of random choices (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 32 bits. */
  word(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** From `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor((this.word() / 2 ** 32) * (high - low + 1));
  }

  /** Whether something of that probability happens. */
  chance(probability: number): boolean {
    return this.word() / 2 ** 32 < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)];
  }

  /** Some of the choices, each once, in their order. */
  some<T>(choices: readonly T[], probability: number): T[] {
    return choices.filter(() => this.chance(probability));
  }

  /** All of them in another order. */
  shuffled<T>(list: readonly T[]): T[] {
    return list.map((item) => [this.word(), item] as const).sort(([a], [b]) => a - b).map(([, item]) => item);
  }
}

/** Runs `body` once for each of `count` numbers, with a source of its own, and says which one failed. */
export function repeat(count: number, body: (random: Random, number: number) => void): void {
  for (let number = 0; number < count; number++) {
    try {
      body(new Random(SEED + number), number);
    } catch (error) {
      throw new Error(`run ${number} with SEED=${SEED}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  }
}
