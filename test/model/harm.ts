// What may go wrong while changes are made one by one: looked for after every single one.

import { FAMILIES, type Family } from "../../src/model/address.ts";
import type { RouteOfTable } from "../../src/model/change.ts";
import { ruleIdentity, TABLE } from "../../src/model/records.ts";
import { DEFAULTS } from "../../src/plan/options.ts";
import type { Observed } from "../../src/plan/observed.ts";
import { isOurs, LOWEST_TABLE } from "../../src/plan/ownership.ts";
import { type Held, heldAfter } from "../../src/plan/held.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { decide, type Decision, type Wish } from "./decide.ts";
import { FakeKernel, KernelError, type KernelRoute } from "./fake_kernel.ts";
import { FOREIGN } from "./random_world.ts";
import { Watch } from "./watch.ts";

export interface Settled {
  /** The first harm done, in words. */
  readonly harm?: string;
  /** As it is when all changes have been made. */
  readonly kernel: FakeKernel;
  /** What a program that runs on knows. */
  readonly held: Held;
  /** What has ever been so, and of that what no program that ran on has seen change. */
  readonly past: Past;
  readonly forgotten: Past;
  /** What the ruleset remembers. */
  readonly marks: ReadonlyMap<string, number>;
  /** Whether its tables are closed. */
  readonly isClosed: boolean;
}

/** The interfaces that were inside, and the addresses that had rules. */
interface Past {
  readonly insides: ReadonlySet<number>;
  readonly sources: ReadonlySet<string>;
}

const NO_PAST: Past = { insides: new Set(), sources: new Set() };

/**
 * Makes the changes that are decided for a host. Harm is, unless
 * - for each local address and each prefix the answer is the one before, main's, or the final one, after every step;
 * - tables that are closed stay so at every step, and from a rule's address nothing leaves by main in the end;
 * - nothing is left to be done in the end, and rules and tables are what the plan says;
 * - what is not ours is there as it was.
 */
export function settleWatched(
  observed: Observed,
  { wish, before }: { wish: Wish; before?: Settled },
): Settled {
  const decision = decide(observed, wish);
  const held = heldOf(decision), past = withPresent(before?.past ?? NO_PAST, decision);
  const forgotten = (wish.held ? before?.forgotten : before?.past) ?? NO_PAST;
  const kernel = new FakeKernel(observed);
  const mistaken = decision.left.findIndex((route) => {
    const { protocol, nexthops, prefsrc } = kernel.path(route.family, route);
    // What was shared while its interface was inside, or was there for a source that is another's now, is not known any
    // more, once the program has been started anew, when main has it no more either.
    const wasShared = nexthops.every(({ ifindex }) => forgotten.insides.has(ifindex));
    const wasSource = prefsrc !== undefined && forgotten.sources.has(prefsrc);
    return protocol !== FOREIGN && !wasShared && !wasSource;
  });
  if (mistaken >= 0) {
    const harm = `taken for another's: ${decision.foreign[mistaken]}`;
    return { harm, kernel, held, past, forgotten, marks: observed.marks, isClosed: false };
  }
  const isClosed = (wish.isolate ?? false) && !wish.flush;
  const isMarked = observed.marks.size > 0 || decision.plan.marks !== undefined;
  const watch = new Watch(kernel, { observed, left: decision.left, marked: isMarked });
  const others = othersOf(kernel, { decision, observed, wish });
  const commands: string[] = [];
  const settled = (last: Decision, harm?: string): Settled => ({
    harm,
    kernel,
    held: heldOf(last),
    past,
    forgotten,
    marks: last.plan.marks?.remembered ?? new Map(),
    isClosed,
  });
  const harm = make(decision, { kernel, watch, commands });
  if (harm) return settled(decision, harm);
  // A table that had to be emptied first is taken in a second pass.
  const isWhole = FAMILIES.every((family) => !decision.plan.families[family].postponed);
  const last = isWhole ? decision : decide(kernel.observe(), wish);
  const harmLast = isWhole ? undefined : make(last, { kernel, watch, commands });
  if (harmLast) return settled(last, harmLast);
  // One that had to be emptied first is open until it is taken again.
  const staysClosed = isClosed && isWhole && (before?.isClosed ?? false);
  const done = { decision: last, wish, watch, others, observed, commands, isClosed, staysClosed };
  return settled(last, harmDone(kernel, done));
}

/** Makes changes one by one; gives the harm where one cannot be made. */
function make(
  decision: Decision,
  { kernel, watch, commands }: { kernel: FakeKernel; watch: Watch; commands: string[] },
): string | undefined {
  for (const [i, change] of decision.changes.entries()) {
    if ("key" in change && change.table < LOWEST_TABLE) return `${decision.commands[i]}: never ours`;
    watch.see(change, -1);
    try {
      kernel.apply(change);
    } catch (error) {
      if (error instanceof KernelError) return `${decision.commands[i]}: ${error.message}`;
      throw error;
    }
    watch.see(change, commands.push(decision.commands[i]) - 1);
  }
  return undefined;
}

function heldOf({ plan: { families } }: Decision): Held {
  return { 4: heldAfter(families[4]), 6: heldAfter(families[6]) };
}

function withPresent({ insides, sources }: Past, { plan: { families } }: Decision): Past {
  const of = FAMILIES.map((family) => families[family]);
  return {
    insides: new Set([...insides, ...of.flatMap(({ inside }) => [...inside])]),
    sources: new Set([...sources, ...of.flatMap((plan) => [...plan.sources.keys()])]),
  };
}

interface Done {
  readonly decision: Decision;
  readonly wish: Wish;
  readonly watch: Watch;
  readonly others: string;
  readonly observed: Observed;
  readonly commands: readonly string[];
  readonly isClosed: boolean;
  readonly staysClosed: boolean;
}

function harmDone(
  kernel: FakeKernel,
  { decision, wish, watch, others, observed, commands, isClosed, staysClosed }: Done,
): string | undefined {
  const after = kernel.observe();
  const again = decide(after, wish);
  if (again.changes.length > 0) return `left to be done: ${again.commands.join("; ")}`;
  const unplanned = differs(kernel, { after, decision: again, wish });
  if (unplanned) return unplanned;
  const now = othersOf(kernel, { decision, observed, wish });
  if (now !== others) return `others' before: ${others}\nafter: ${now}`;
  return (isClosed ? watch.open(decision.plan) : undefined) ?? watch.wrong({ commands, staysClosed });
}

/** Where rules and tables are not what the plan says. */
function differs(
  kernel: FakeKernel,
  { after, decision: { plan, left }, wish }: { after: Observed; decision: Decision; wish: Wish },
): string | undefined {
  const options = { ...DEFAULTS, ...wish };
  for (const family of FAMILIES) {
    const { rules: wanted, targets, released, mirror } = plan.families[family];
    const ours = kernel.rules[family].filter((rule) => isOurs(rule, { options, addresses: after.addresses }));
    const [has, should] = [ours, wanted].map((rules) => rules.map(ruleIdentity).sort().join());
    if (has !== should) {
      return `rules: ${JSON.stringify(ours)}\nplanned: ${JSON.stringify(wanted)}`;
    }
    const foreign = new Set(left.filter((route) => route.family === family).map(nameOf));
    const isOwn = (route: KernelRoute) => foreign.size === 0 || !foreign.has(nameOf(route));
    for (const target of [...targets, ...released]) {
      const isTarget = targets.includes(target), keys = kernel.routes[family].get(target.table) ?? new Map();
      for (const key of new Set([...keys.keys(), ...kernel.routes[family].get(TABLE.main)?.keys() ?? []])) {
        const there = ((keys.get(key) ?? []) as KernelRoute[]).filter(isOwn);
        const planned = isTarget ? mirror.wanted(key, target) : [];
        const isSame = there.length === planned.length &&
          planned.every(({ metric, path }, i) => there[i].metric === metric && there[i].path === path);
        if (isSame || isAside(family, { planned, there, foreign: left })) continue;
        return `table ${target.table}, ${kernel.store(family).keys.text(key)}: ${JSON.stringify(there)}\n` +
          `planned: ${JSON.stringify(planned)}`;
      }
    }
  }
  return undefined;
}

/** In IPv6 a metric that another's route has is left to it. */
function isAside(
  family: Family,
  { planned, there, foreign }: {
    planned: readonly { metric: number }[];
    there: readonly KernelRoute[];
    foreign: readonly RouteOfTable[];
  },
): boolean {
  return family === 6 && planned.length > there.length && foreign.length > 0;
}

function nameOf({ table, key, metric, path }: KernelRoute): string {
  return `${table} ${key} ${metric} ${path}`;
}

/**
 * What is certainly not ours, as one text: others' rules; the routes of others' tables; and in an interface's table what
 * leads out by another interface. A route by the table's own interface looks like ours whoever made it.
 */
function othersOf(
  kernel: FakeKernel,
  { decision: { plan }, observed: { links }, wish }: { decision: Decision; observed: Observed; wish: Wish },
): string {
  const base = wish.tableBase ?? DEFAULTS.tableBase;
  const found: unknown[] = [];
  for (const family of FAMILIES) {
    for (const rule of kernel.rules[family]) if (rule.protocol !== DEFAULTS.protocol) found.push(rule);
    const routes: string[] = [];
    for (const [table, keys] of kernel.routes[family]) {
      if (table < LOWEST_TABLE && table !== 52) continue;
      for (const list of keys.values()) {
        for (const route of list) {
          if (isOthers(route, { kernel, family, plan, links, base })) routes.push(nameOf(route));
        }
      }
    }
    found.push(routes.sort());
  }
  return JSON.stringify(found);
}

function isOthers(
  route: KernelRoute,
  { kernel, family, plan, links, base }: {
    kernel: FakeKernel;
    family: Family;
    plan: Plan;
    links: Observed["links"];
    base: number;
  },
): boolean {
  const { protocol, nexthops: [hop] } = kernel.path(family, route);
  if (protocol !== FOREIGN) return false;
  const index = route.table - base;
  return !links.has(index) || (index !== hop.ifindex && !plan.families[family].inside.has(hop.ifindex));
}
