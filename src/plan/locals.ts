/** What rules of ours are about, the host's own addresses and marks: which of them, and where they are to lead. */

import { type Family, parsePrefix, type Prefix } from "../model/address.ts";
import { Prefixes } from "../model/prefixes.ts";
import type { Rule } from "../model/records.ts";
import { isOfAnyIp, subjectOf } from "../model/subject.ts";

export class Locals {
  readonly #family: Family;
  readonly #texts: ReadonlySet<string>;
  #prefixes?: Prefixes<string>;

  /** `texts`: every address and AnyIP prefix that the host has, of whichever family. */
  constructor(family: Family, texts: ReadonlySet<string>) {
    this.#family = family;
    this.#texts = texts;
  }

  /**
   * The addresses and AnyIP prefixes that a rule is about, by their texts, or its mark: packets may have it whatever the host
   * has. One without `iif` is about the address or prefix of its very text alone.
   */
  of(rule: Rule): readonly string[] {
    const { from } = rule;
    if (from === undefined) return [subjectOf(rule)];
    if (isOfAnyIp(rule) || !from.includes("/")) return this.#texts.has(from) ? [from] : [];
    return this.#all().within(parsePrefix(from)!).map(({ value }) => value);
  }

  /** Whether an address is the host's own, or lies in an AnyIP prefix. */
  has(address: Prefix): boolean {
    return this.#all().around(address).length > 0;
  }

  #all(): Prefixes<string> {
    return this.#prefixes ??= new Prefixes([...this.#texts].flatMap((value) => {
      const prefix = parsePrefix(value);
      return prefix?.family === this.#family ? [{ prefix, value }] : [];
    }));
  }
}

/** What the rules of a plan come to for each subject: addresses, AnyIP prefixes and marks. */
export class Ways {
  readonly #locals: Locals;
  readonly #tables: ReadonlyMap<string, number>;
  readonly #subjects: ReadonlySet<string>;

  /** `tables`: of each that is steered; `subjects`: all that could be. */
  constructor(
    locals: Locals,
    { tables, subjects }: { tables: ReadonlyMap<string, number>; subjects: ReadonlySet<string> },
  ) {
    this.#locals = locals;
    this.#tables = tables;
    this.#subjects = subjects;
  }

  /** Whether an address is the host's own. */
  isLocal(address: Prefix): boolean {
    return this.#locals.has(address);
  }

  /** Whether the host has what a rule is about: else that misleads nobody. */
  concerns(rule: Rule): boolean {
    return this.#locals.of(rule).length > 0;
  }

  /** Whether a rule is about something that is steered, be it by another rule. */
  steers(rule: Rule): boolean {
    return this.#locals.of(rule).some((ip) => this.#tables.has(ip));
  }

  /** Whether a rule is about something that is to be answered otherwise. */
  misleads(rule: Rule): boolean {
    return this.#locals.of(rule).some((ip) => this.#tables.get(ip) !== rule.table);
  }

  /** Whether nobody is without a rule who could have one, if a rule that is not planned goes. */
  isSpent(rule: Rule): boolean {
    return this.#locals.of(rule).every((ip) => this.#tables.has(ip) || !this.#subjects.has(ip));
  }
}
