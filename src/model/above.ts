/** Prefixes, to be asked whether one lies above a key: in a few look-ups, however many they are. */

import { maskWords, type Prefix } from "./address.ts";
import type { Keys } from "./keys.ts";

/** Those of one length. */
interface Level {
  /** The bits of a first word that count, and the first words there are: most keys are told by them. */
  readonly mask: number;
  readonly firsts: Set<number>;
  /** Destinations, each with its source prefix. */
  readonly names: Set<string>;
}

export class Above {
  readonly #levels = new Map<number, Level>();

  /** These, for every source. */
  static of(prefixes: Iterable<Prefix>): Above {
    const above = new Above();
    for (const prefix of prefixes) above.add(prefix);
    return above;
  }

  /** `source`: the prefix that it is for, or "" for all. */
  add({ words, length }: Prefix, source = ""): void {
    let level = this.#levels.get(length);
    if (!level) {
      const [mask] = maskWords([0xffffffff], Math.min(length, 32));
      this.#levels.set(length, level = { mask, firsts: new Set(), names: new Set() });
    }
    level.firsts.add(words[0]);
    level.names.add(nameOf(words, source));
  }

  /** Whether one for the key's source, or for all, covers more than the key's destination. */
  covers(key: number, keys: Keys): boolean {
    const length = keys.length(key), first = keys.firstWord(key);
    for (const [shorter, { mask, firsts, names }] of this.#levels) {
      if (shorter >= length || !firsts.has((first & mask) >>> 0)) continue;
      const masked = maskWords(keys.destination(key).words, shorter), source = keys.source(key);
      if (names.has(nameOf(masked, "")) || (source !== "" && names.has(nameOf(masked, source)))) return true;
    }
    return false;
  }
}

function nameOf(words: readonly number[], source: string): string {
  return `${words} ${source}`;
}
