/** The host's own addresses: which of them a rule of ours is about, and where they are to be answered through. */

import { type Family, parsePrefix, type Prefix } from "../model/address.ts";
import { Prefixes } from "../model/prefixes.ts";
import type { Rule } from "../model/records.ts";

export class Locals {
  readonly #family: Family;
  readonly #texts: ReadonlySet<string>;
  #prefixes?: Prefixes<string>;

  /** `texts`: every address and AnyIP prefix that the host has, of whichever family. */
  constructor(family: Family, texts: ReadonlySet<string>) {
    this.#family = family;
    this.#texts = texts;
  }

  /** The addresses and AnyIP prefixes that a rule is about. One without `iif` is about those of its very text alone. */
  of({ from, iif }: Rule): readonly string[] {
    if (iif === undefined || !from!.includes("/")) return this.#texts.has(from!) ? [from!] : [];
    return this.#all().within(parsePrefix(from!)!).map(({ value }) => value);
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

/** What the rules of a plan come to for each address. */
export class Ways {
  readonly #locals: Locals;
  readonly #tables: ReadonlyMap<string, number>;
  readonly #sources: ReadonlyMap<string, number>;

  /** `tables`: of each address that is steered; `sources`: all that could be. */
  constructor(
    locals: Locals,
    { tables, sources }: { tables: ReadonlyMap<string, number>; sources: ReadonlyMap<string, number> },
  ) {
    this.#locals = locals;
    this.#tables = tables;
    this.#sources = sources;
  }

  /** Whether an address is the host's own. */
  isLocal(address: Prefix): boolean {
    return this.#locals.has(address);
  }

  /** Whether the host has an address that a rule is about: else that misleads nobody. */
  concerns(rule: Rule): boolean {
    return this.#locals.of(rule).length > 0;
  }

  /** Whether a rule is about an address that is steered, be it by another rule. */
  steers(rule: Rule): boolean {
    return this.#locals.of(rule).some((ip) => this.#tables.has(ip));
  }

  /** Whether a rule is about an address that is to be answered otherwise. */
  misleads(rule: Rule): boolean {
    return this.#locals.of(rule).some((ip) => this.#tables.get(ip) !== rule.table);
  }

  /** Whether nobody is without a rule who could have one, if a rule that is not planned goes. */
  isSpent(rule: Rule): boolean {
    return this.#locals.of(rule).every((ip) => this.#tables.has(ip) || !this.#sources.has(ip));
  }
}
