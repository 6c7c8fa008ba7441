/** What a rule of ours is about: packets from an address or prefix, or those with a mark. Of one that is about all, `all`. */

import { parsePrefix } from "./address.ts";
import { markText } from "./marks.ts";
import { type Placed, Prefixes } from "./prefixes.ts";
import type { Rule } from "./records.ts";

/** The same text for rules about the same. */
export function subjectOf({ from, fwmark }: Rule): string {
  return from ?? (fwmark === undefined ? "all" : markSubject(fwmark));
}

/** The subject of a mark's rule. */
export function markSubject(mark: number): string {
  return `mark ${markText(mark)}`;
}

/** Whether a rule is of an AnyIP prefix: such prefixes, unlike addresses, are read with the routes. */
export function isOfAnyIp({ from, iif }: Rule): boolean {
  return iif === undefined && from !== undefined && from.includes("/");
}

/** Rules of one family, each with a value, to be asked for those that are about something another one is about. */
export class Subjects<T> {
  readonly #sources: Prefixes<T>;
  readonly #others: ReadonlyMap<string, readonly T[]>;

  constructor(entries: Iterable<{ readonly rule: Rule; readonly value: T }>) {
    const sources: Placed<T>[] = [], others = new Map<string, T[]>();
    for (const { rule, value } of entries) {
      if (rule.from !== undefined) sources.push({ prefix: parsePrefix(rule.from)!, value });
      else others.set(subjectOf(rule), [...others.get(subjectOf(rule)) ?? [], value]);
    }
    this.#sources = new Prefixes(sources);
    this.#others = others;
  }

  meeting(rule: Rule): readonly T[] {
    if (rule.from === undefined) return this.#others.get(subjectOf(rule)) ?? [];
    return this.#sources.meeting(parsePrefix(rule.from)!).map(({ value }) => value);
  }
}
