/** Prefixes of one family, each with a value, to be asked for what lies within a prefix, and what around it. */

import { maskWords, type Prefix } from "./address.ts";

export interface Placed<T> {
  readonly prefix: Prefix;
  readonly value: T;
}

interface Entry<T> extends Placed<T> {
  /** The first address as text of a fixed width: in order of text, in order of addresses. */
  readonly first: string;
}

export class Prefixes<T> {
  /** In order of their first addresses, the wider in front: what lies within one stands behind it, without a gap. */
  readonly #entries: readonly Entry<T>[];
  readonly #byPlace: ReadonlyMap<string, readonly Entry<T>[]>;
  readonly #lengths: readonly number[];

  constructor(entries: Iterable<Placed<T>>) {
    this.#entries = Array.from(entries, (entry) => ({ ...entry, first: textOf(entry.prefix.words) }))
      .sort((a, b) => a.first < b.first ? -1 : a.first > b.first ? 1 : a.prefix.length - b.prefix.length);
    this.#byPlace = Map.groupBy(this.#entries, ({ first, prefix }) => `${first}/${prefix.length}`);
    this.#lengths = [...new Set(this.#entries.map(({ prefix }) => prefix.length))].sort((a, b) => b - a);
  }

  /** Those that a prefix holds, itself too, in order. */
  within(prefix: Prefix): readonly Placed<T>[] {
    const first = textOf(prefix.words), last = textOf(lastWords(prefix));
    const start = this.#find((entry) =>
      entry.first > first || (entry.first === first && entry.prefix.length >= prefix.length)
    );
    return this.#entries.slice(start, this.#find((entry) => entry.first > last));
  }

  /** Those that hold a prefix, itself too, the narrowest first. */
  around({ words, length }: Prefix): readonly Placed<T>[] {
    return this.#lengths.filter((wider) => wider <= length).flatMap((wider) =>
      this.#byPlace.get(`${textOf(maskWords(words, wider))}/${wider}`) ?? []
    );
  }

  /** Those that share an address with a prefix. */
  meeting(prefix: Prefix): readonly Placed<T>[] {
    const around = this.around(prefix).filter((one) => one.prefix.length < prefix.length);
    return [...this.within(prefix), ...around];
  }

  /** The place of the first entry of which something holds that then holds of all behind it. */
  #find(holds: (entry: Entry<T>) => boolean): number {
    let low = 0, high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(this.#entries[middle])) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function textOf(words: readonly number[]): string {
  return words.map((word) => word.toString(16).padStart(8, "0")).join("");
}

/** The last address of a prefix. */
function lastWords({ words, length }: Prefix): number[] {
  const ones = maskWords(words.map(() => 0xffffffff), length);
  return words.map((word, i) => (word | ~ones[i]) >>> 0);
}

/** The lower and the upper half of a prefix that is not of full length. */
export function halves({ family, words, length }: Prefix): [Prefix, Prefix] {
  const upper = words.map((word, i) => i === length >>> 5 ? (word | (1 << (31 - length % 32))) >>> 0 : word);
  return [{ family, words, length: length + 1 }, { family, words: upper, length: length + 1 }];
}
