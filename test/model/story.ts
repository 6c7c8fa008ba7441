// A host's story: one main after the other, each put right from what the one before has left.

import type { Family } from "../../src/model/address.ts";
import { Paths } from "../../src/model/paths.ts";
import { type Address, type Link, type Path, type Rule, TABLE } from "../../src/model/records.ts";
import { RouteStore } from "../../src/model/store.ts";
import { MainFacts } from "../../src/model/facts.ts";
import { DEFAULTS } from "../../src/plan/options.ts";
import type { Observed, ObservedFamily } from "../../src/plan/observed.ts";
import type { Wish } from "./decide.ts";
import type { FakeKernel, KernelRoute } from "./fake_kernel.ts";
import { FOREIGN, type RandomHost, type RandomMain } from "./random_world.ts";
import { type ReadRoute, readRoute } from "./route_text.ts";
import { LO, readAddress, readLink, readRules } from "./world.ts";

/** What holds until something happens. */
export interface Chapter {
  readonly host: RandomHost;
  /** Where it is left out, main is what it was. */
  readonly main?: RandomMain;
  readonly wish: Wish;
  /** Whether the program has run on since the chapter before. */
  readonly runs: boolean;
  /** Which of our rules and routes others take away as it begins: every so-many-th, counted from these. */
  readonly lost: readonly number[];
}

export interface Story {
  /** What other programs have, from first to last. */
  readonly foreign: { readonly routes: readonly string[]; readonly rules: readonly string[] };
  readonly chapters: readonly Chapter[];
}

/** Lines are few, and the same in many stories: each is read once. */
const routes: Readonly<Record<Family, Map<string, ReadRoute>>> = { 4: new Map(), 6: new Map() };
const addresses = new Map<string, Address>();
const links = new Map<string, Link>();
const rules = new Map<string, Rule[]>();

function known<T>(map: Map<string, T>, text: string, read: () => T): T {
  let value = map.get(text);
  if (value === undefined) map.set(text, value = read());
  return value;
}

/** A name's number is its ifindex. */
const indexes = (name: string) => Number(/\d+/.exec(name)![0]);

/** Paths with their numbers, for a few stories: to find out that two paths are equal takes its time. */
export class Atlas {
  readonly paths = new Paths();
  readonly #numbers = new Map<Path, number>();

  number(path: Path): number {
    let number = this.#numbers.get(path);
    if (number === undefined) this.#numbers.set(path, number = this.paths.intern(path));
    return number;
  }
}

export class Scene {
  readonly #atlas: Atlas;
  readonly #foreign: Story["foreign"];
  #main: RandomMain = { addresses: [], routes: [] };

  constructor(foreign: Story["foreign"], atlas: Atlas) {
    this.#foreign = foreign;
    this.#atlas = atlas;
  }

  /** The host as a chapter begins; `before`: what the one before has ended with. */
  begin(chapter: Chapter, last?: { kernel: FakeKernel; marks: Observed["marks"] }): Observed {
    const { host } = chapter, before = last?.kernel;
    this.#main = chapter.main ?? this.#main;
    const here = [LO, ...host.links.map((line) => known(links, line, () => readLink(line)))];
    return {
      links: new Map(here.map((link) => [link.ifindex, link])),
      addresses: this.#main.addresses.map((line) => known(addresses, line, () => readAddress(line, indexes))),
      arp: new Map(),
      marks: last && !isLost(1, chapter.lost) ? last.marks : new Map(),
      families: { 4: this.#begin(4, { chapter, before }), 6: this.#begin(6, { chapter, before }) },
    };
  }

  #begin(family: Family, { chapter, before }: { chapter: Chapter; before?: FakeKernel }): ObservedFamily {
    const { host } = chapter;
    const store = new RouteStore(family, this.#atlas.paths);
    const facts = new MainFacts(store);
    const isProven = () => true;
    if (host.family !== family) {
      return {
        forwarding: false,
        rules: known(rules, `${family} `, () => readRules("", family)),
        store,
        facts,
        isProven,
      };
    }
    const lines = [...this.#main.routes, ...(before ? [] : this.#foreign.routes)];
    for (const line of lines) {
      this.#add(known(routes[family], line, () => readRoute(line, { family, indexes })), store);
    }
    const here = new Set(host.links.map((line) => parseInt(line)));
    for (const route of before ? kept(before, { family, chapter, here }) : []) {
      const { keys } = before!.store(family);
      const { words } = keys.destination(route.key);
      const meta = store.keys.meta(keys.length(route.key), keys.tos(route.key), keys.source(route.key));
      store.add(store.key(words, meta), route);
    }
    return {
      forwarding: host.forwarding,
      rules: before ? keptRules(before, { family, chapter }) : this.#rules(family),
      store,
      facts,
      isProven,
    };
  }

  #add({ destination, source, tos, table, metric, path }: ReadRoute, store: RouteStore): void {
    const key = store.key(destination.words, store.keys.meta(destination.length, tos, source));
    store.add(key, { table, metric, path: this.#atlas.number(path) });
  }

  #rules(family: Family): Rule[] {
    const text = this.#foreign.rules.join("\n");
    return known(rules, `${family} ${text}`, () => readRules(text, family));
  }
}

/** Whether others have taken this one away. */
function isLost(at: number, lost: readonly number[]): boolean {
  return lost.includes(at % 10);
}

/** The routes of all tables but main and local that are there still: those of a link go with it. */
function kept(
  before: FakeKernel,
  { family, chapter, here }: { family: Family; chapter: Chapter; here: ReadonlySet<number> },
): KernelRoute[] {
  const found: KernelRoute[] = [];
  for (const [table, keys] of before.routes[family]) {
    if (table === TABLE.main || table === TABLE.local) continue;
    for (const list of keys.values()) {
      for (const route of list) {
        const { nexthops, protocol } = before.path(family, route);
        if (!nexthops.every(({ ifindex }) => here.has(ifindex))) continue;
        if (protocol === FOREIGN || !isLost(found.length, chapter.lost)) found.push(route);
      }
    }
  }
  return found;
}

function keptRules(before: FakeKernel, { family, chapter }: { family: Family; chapter: Chapter }): Rule[] {
  return before.rules[family].filter(({ protocol }, i) =>
    protocol !== DEFAULTS.protocol || !isLost(i, chapter.lost)
  );
}
