/** Which uplink has which mark. */

import { FAMILIES, type Family } from "../model/address.ts";
import { MarkSpace, markText } from "../model/marks.ts";
import { ACTION_LOOKUP, type Rule } from "../model/records.ts";
import type { RouteStore } from "../model/store.ts";
import type { Target } from "./mirror.ts";
import type { Note } from "./note.ts";
import type { Observed } from "./observed.ts";
import type { Options } from "./options.ts";
import { isOurs } from "./ownership.ts";

/** An interface with a mark of its own. */
export interface MarkedUplink {
  readonly name: string;
  readonly ifindex: number;
  readonly mark: number;
  /** Those in which it has a table. */
  readonly families: readonly Family[];
}

export interface Marks {
  /** By mark, ascending. */
  readonly uplinks: readonly MarkedUplink[];
  /** By the names of interfaces, of those too that there are not now: marks that nobody else gets. */
  readonly remembered: ReadonlyMap<string, number>;
  /** The names of interfaces that have a table, and for which there was no mark left. */
  readonly unmarked: readonly string[];
}

/** From ifindex to mark. */
export type Claims = ReadonlyMap<number, number>;

/**
 * Whose the marks are that connections may have. A rule leads a mark's packets to its interface, whatever that is called by
 * now; so it tells first, unless the number of the interface has gone to another one. Else the name tells, which outlives
 * an interface.
 */
export function claimedMarks(observed: Observed, options: Options): Claims {
  const { links, marks, families } = observed, space = new MarkSpace(options.markMask);
  const byName = new Map([...links.values()].map(({ name, ifindex }) => [name, ifindex]));
  const names = new Map([...marks].map(([name, mark]) => [mark, name]));
  const claims = new Map<number, number>(), taken = new Set<number>();
  const claim = (ifindex: number, mark: number) => {
    if (claims.has(ifindex) || taken.has(mark) || !space.isUplinks(mark)) return;
    claims.set(ifindex, mark);
    taken.add(mark);
  };
  for (const family of FAMILIES) {
    for (const rule of families[family].rules) {
      const { fwmark: mark, table } = rule, ifindex = table - options.tableBase;
      if (mark === undefined || !links.has(ifindex) || !isMarkRule(rule, { observed, options })) continue;
      const named = byName.get(names.get(mark) ?? "") ?? ifindex;
      if (named === ifindex || hasRouteBy(ifindex, { table, store: families[family].store })) {
        claim(ifindex, mark);
      }
    }
  }
  for (const [name, mark] of marks) {
    const ifindex = byName.get(name);
    if (ifindex !== undefined) claim(ifindex, mark);
  }
  return claims;
}

function isMarkRule(rule: Rule, { observed, options }: { observed: Observed; options: Options }): boolean {
  return rule.action === ACTION_LOOKUP && isOurs(rule, { options, addresses: observed.addresses });
}

/** Whether a table has a route by the interface: so it is the one that the table was filled for, as routes go with theirs. */
function hasRouteBy(ifindex: number, { table, store }: { table: number; store: RouteStore }): boolean {
  for (const slot of store.slots()) {
    if (store.table(slot) !== table) continue;
    if (store.paths.get(store.path(slot)).nexthops.some((nexthop) => nexthop.ifindex === ifindex)) {
      return true;
    }
  }
  return false;
}

interface Candidate {
  readonly ifindex: number;
  readonly name: string;
  readonly isUplink: boolean;
  readonly families: readonly Family[];
}

/**
 * Gives each interface that has a table a mark. It keeps the one that it has; a new one gets the lowest that nobody has
 * or had. Where there is none left, what was remembered goes first, and then stubs are left without one.
 */
export function assignMarks(
  targets: Readonly<Record<Family, readonly Target[]>>,
  { observed, options, claims }: { observed: Observed; options: Options; claims: Claims },
): { marks: Marks; notes: Note[] } {
  const candidates = candidatesOf(targets, observed), space = new MarkSpace(options.markMask);
  const book = new Book(candidates, { observed, space, claims });
  const uplinks: MarkedUplink[] = [], unmarked: string[] = [], notes: Note[] = [];
  for (const one of candidates) {
    const { name, ifindex, families } = one;
    if (UNSAYABLE.test(name)) {
      notes.push({
        kind: "conflict",
        text: `${name}: its connections are not marked: nftables cannot be told its name`,
      });
      continue;
    }
    const mark = book.markFor(one);
    if (mark !== undefined) uplinks.push({ name, ifindex, mark, families });
    else {
      unmarked.push(name);
      notes.push({ kind: "conflict", text: noRoom(name, space) });
    }
  }
  uplinks.sort((a, b) => a.mark - b.mark);
  return { marks: { uplinks, remembered: book.remembered, unmarked }, notes };
}

/** nft(8) has no way to quote these, and takes the last one for a pattern. */
const UNSAYABLE = /["\\*]/;

function noRoom(name: string, { mask, size }: MarkSpace): string {
  return `${name}: its connections are not marked: the mask ${
    markText(mask)
  } has room for ${size} interfaces ` +
    "(--mark-mask with more bits has more)";
}

/** Uplinks first. */
function candidatesOf(
  targets: Readonly<Record<Family, readonly Target[]>>,
  { links }: Observed,
): Candidate[] {
  const all = FAMILIES.flatMap((family) => targets[family].map((target) => ({ ...target, family })));
  const candidates = [...Map.groupBy(all, ({ ifindex }) => ifindex)].map(([ifindex, same]): Candidate => ({
    ifindex,
    name: links.get(ifindex)!.name,
    isUplink: same.some(({ role }) => role === "uplink"),
    families: same.map(({ family }) => family),
  }));
  return candidates.sort((a, b) => Number(b.isUplink) - Number(a.isUplink) || a.ifindex - b.ifindex);
}

/** Who has, or had, which mark. */
class Book {
  readonly #space: MarkSpace;
  readonly #marks: Map<number, number>;
  readonly #names: Map<number, string>;
  /** The marks of interfaces that there are not, and then of those that have no table: in the order in which they are given up. */
  readonly #forgotten: number[];
  /** The marks of stubs, to be given up last. */
  readonly #stubs: number[];

  constructor(
    candidates: readonly Candidate[],
    { observed: { links, marks }, space, claims }: { observed: Observed; space: MarkSpace; claims: Claims },
  ) {
    this.#space = space;
    this.#marks = new Map(claims);
    this.#names = new Map([...claims].map(([ifindex, mark]) => [mark, links.get(ifindex)!.name]));
    const names = new Set(this.#names.values()),
      byIndex = new Map(candidates.map((one) => [one.ifindex, one]));
    const gone = [...marks].filter(([name, mark]) =>
      space.isUplinks(mark) && !this.#names.has(mark) && !names.has(name)
    );
    for (const [name, mark] of gone) this.#names.set(mark, name);
    const idle = [...claims].filter(([ifindex]) => !byIndex.has(ifindex));
    this.#forgotten = [...gone, ...idle].map(([, mark]) => mark);
    const stubs = [...claims].filter(([ifindex]) => byIndex.get(ifindex)?.isUplink === false);
    this.#stubs = stubs.map(([, mark]) => mark).reverse();
  }

  /** The mark of an interface; undefined where all are others'. To be asked for uplinks first. */
  markFor({ ifindex, name, isUplink }: Candidate): number | undefined {
    const mark = this.#marks.get(ifindex) ?? this.#free() ?? this.#forgotten.shift() ??
      (isUplink ? this.#takeStubs() : undefined);
    if (mark !== undefined) this.#names.set(mark, name);
    return mark;
  }

  #takeStubs(): number | undefined {
    const mark = this.#stubs.shift();
    for (const [ifindex, its] of this.#marks) if (its === mark) this.#marks.delete(ifindex);
    return mark;
  }

  #free(): number | undefined {
    for (let number = 1; number <= this.#space.size; number++) {
      const mark = this.#space.nth(number);
      if (!this.#names.has(mark)) return mark;
    }
    return undefined;
  }

  get remembered(): Map<string, number> {
    return new Map([...this.#names].map(([mark, name]) => [name, mark]));
  }
}
