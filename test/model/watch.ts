// Watches a host's packets while changes are made one by one.

import { FAMILIES, type Family, formatIp, parsePrefix, type Prefix } from "../../src/model/address.ts";
import type { Change, RouteOfTable } from "../../src/model/change.ts";
import { devices } from "../../src/model/paths.ts";
import {
  ACTION_LOOKUP,
  type Address,
  ADDRESS_FLAG,
  type Path,
  type Rule,
  TABLE,
} from "../../src/model/records.ts";
import { DEFAULTS } from "../../src/plan/options.ts";
import type { Observed } from "../../src/plan/observed.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { FakeKernel, KernelRoute } from "./fake_kernel.ts";
import { type Flow, isFor, keysFor, selects } from "./packets.ts";

/** A packet that a change has concerned, with what became of it. */
interface Seen {
  readonly flow: Flow;
  /** The keys that it may be looked up by, the best first. */
  readonly keys: readonly number[];
  /** The ways that it took, one after the other, and after which change. */
  readonly ways: string[];
  readonly since: number[];
  /** Those of them that it took as one without its mark did, because no rule led the mark. */
  readonly unmarked: Set<string>;
}

/** An address, and a mark or 0. */
interface Source {
  readonly source: Prefix;
  readonly mark: number;
}

/** The packets of one family: from each source to each destination. */
interface Traffic {
  readonly sources: readonly Source[];
  /** An address in each prefix that any table knows, for each tos that any route is for. */
  readonly destinations: readonly (readonly [destination: Prefix, tos: number])[];
  /** Of these, the places of those that a key is about. */
  readonly byKey: Map<number, readonly number[]>;
  readonly seen: Map<number, Seen>;
}

const OTHERS = "another program's route";

export class Watch {
  readonly #kernel: FakeKernel;
  readonly #left: ReadonlySet<string>;
  readonly #before: Readonly<Record<Family, readonly Rule[]>>;
  readonly #traffic: Readonly<Record<Family, Traffic>>;

  /** `left`: routes in tables of ours that stay others'. */
  constructor(
    kernel: FakeKernel,
    { observed, left, marked }: { observed: Observed; left: readonly RouteOfTable[]; marked: boolean },
  ) {
    this.#kernel = kernel;
    this.#before = { 4: [...kernel.rules[4]], 6: [...kernel.rules[6]] };
    this.#left = new Set(left.map((route) => nameOf(route.family, route)));
    this.#traffic = { 4: trafficOf(4, observed, marked), 6: trafficOf(6, observed, marked) };
  }

  /** Is told of each change before it is made (`step` is -1 then), and when it is. */
  see(change: Change, step: number): void {
    if ("rule" in change) return this.#seeRules([change.rule], step);
    const { family, table, key } = change;
    this.#seeRules(this.#kernel.rules[family].filter((rule) => rule.table === table), step, key);
  }

  /** Looks at the packets that rules, and a key, are about. */
  #seeRules(rules: readonly Rule[], step: number, key?: number): void {
    if (rules.length === 0) return;
    const [{ family }] = rules, traffic = this.#traffic[family];
    for (const [i, { source, mark }] of traffic.sources.entries()) {
      if (!rules.some((rule) => selects(rule, source, mark))) continue;
      const places = key === undefined ? traffic.destinations.keys() : this.#places(key, family);
      for (const j of places) this.#look(family, { number: i * traffic.destinations.length + j, step });
    }
  }

  #places(key: number, family: Family): readonly number[] {
    const { byKey, destinations } = this.#traffic[family];
    let places = byKey.get(key);
    if (!places) {
      places = [...destinations.keys()].filter((j) => {
        const [destination, tos] = destinations[j];
        return isFor(this.#kernel.store(family).keys, key, { destination, tos });
      });
      byKey.set(key, places);
    }
    return places;
  }

  #look(family: Family, { number, step }: { number: number; step: number }): void {
    const { sources, destinations, seen } = this.#traffic[family];
    const known = seen.get(number);
    if (known && step < 0) return;
    if (known) {
      const way = this.#way(known);
      if (way === known.ways.at(-1)) return;
      if (this.#isUnmarkeds(known, way)) known.unmarked.add(way);
      known.ways.push(way);
      known.since.push(step);
      return;
    }
    const [destination, tos] = destinations[number % destinations.length];
    const flow = { ...sources[Math.floor(number / destinations.length)], destination, tos };
    const one: Seen = {
      flow,
      keys: keysFor(this.#kernel.store(family).keys, flow),
      ways: [],
      since: [-1],
      unmarked: new Set(),
    };
    one.ways.push(this.#way(one));
    seen.set(number, one);
  }

  /** Whether it is what a packet without the mark is answered by, which is looked at for itself: no rule leads the mark. */
  #isUnmarkeds(one: Seen, way: string): boolean {
    return one.flow.mark !== 0 && way === this.#way({ ...one, flow: { ...one.flow, mark: 0 } });
  }

  #way({ flow, keys }: Seen, rules: readonly Rule[] = this.#kernel.rules[flow.source.family]): string {
    const route = this.#kernel.answerAlong(keys, { flow, rules });
    if (!route) return "no route";
    // What is left as others' in our tables shows when ours goes.
    const { family } = flow.source;
    if (this.#left.size > 0 && this.#left.has(nameOf(family, route))) return OTHERS;
    return wayOf(this.#kernel.path(family, route));
  }

  /** The first packet that leaves its table, though it has one; but for what is inside, about which main may decide. */
  open({ families }: Plan): string | undefined {
    for (const family of FAMILIES) {
      const { rules, inside } = families[family], { sources, destinations } = this.#traffic[family];
      const led = sources.filter(({ source, mark }) =>
        mark !== MAIN && rules.some((rule) => rule.action === ACTION_LOOKUP && selects(rule, source, mark))
      );
      const isInside = (route: KernelRoute) =>
        devices(this.#kernel.path(family, route)).every((device) => inside.has(device));
      for (const { source, mark } of led) {
        for (const [destination, tos] of destinations) {
          const found = this.#kernel.answer({ source, mark, destination, tos });
          if (found?.table !== TABLE.main || isInside(found)) continue;
          const [from, to] = [source, destination].map(({ words }) => formatIp(family, words));
          return `${from} -> ${to} leaves by main`;
        }
      }
    }
    return undefined;
  }

  /**
   * The first packet that took a way which is neither the one before, nor main's, nor the last one. Main's is wrong where
   * its source had, and has, a table that stays closed.
   */
  wrong(
    { commands, staysClosed }: { readonly commands: readonly string[]; readonly staysClosed: boolean },
  ): string | undefined {
    for (const family of FAMILIES) {
      for (const one of this.#traffic[family].seen.values()) {
        const { flow, ways, since } = one;
        if (ways.length < 3) continue;
        // What the host would answer without us: by main and others' rules.
        const others = this.#kernel.rules[family].filter(({ protocol }) => protocol !== DEFAULTS.protocol);
        const right = new Set([OTHERS, ways[0], ways.at(-1), ...one.unmarked]);
        if (!staysClosed || !this.#keepsTable(flow)) right.add(this.#way(one, others));
        const at = ways.findIndex((way) => !right.has(way));
        if (at < 0) continue;
        const [from, to] = [flow.source, flow.destination].map(({ words }) => formatIp(family, words));
        return `after ${commands[since[at]]}\n${from} -> ${to} takes ${ways[at]}\nnot any of ${
          [...right].join("\n  or ")
        }`;
      }
    }
    return undefined;
  }

  /** Whether our rules send a source to the same table now as before all changes. */
  #keepsTable({ source, mark }: Flow): boolean {
    const ledBy = (rules: readonly Rule[]) =>
      rules.find((rule) => rule.protocol === DEFAULTS.protocol && selects(rule, source, mark))?.table;
    return ledBy(this.#before[source.family]) === ledBy(this.#kernel.rules[source.family]);
  }
}

function nameOf(family: Family, { table, key, metric, path }: KernelRoute): string {
  return `${family} ${table} ${key} ${metric} ${path}`;
}

const parsed = new Map<string, Prefix>();

function sourceOf(ip: string): Prefix {
  let source = parsed.get(ip);
  if (!source) parsed.set(ip, source = parsePrefix(ip)!);
  return source;
}

const MAIN = 0x7f000000;
/** Those of the first uplinks, one that nobody has, and main's. */
const MARKS = [0x01000000, 0x02000000, 0x03000000, 0x04000000, 0x70000000, MAIN];
/** What a container has. */
const FORWARDED = { 4: "172.30.0.2", 6: "2001:db8:ffff::2" } as const;

/** From each local address, and an address of each AnyIP prefix, to an address in each prefix that any table knows. */
function trafficOf(family: Family, { addresses, families }: Observed, marked: boolean): Traffic {
  const { store } = families[family];
  // Nothing is sent from an address before duplicate address detection has passed.
  const isSource = (address: Address) =>
    address.family === family && (address.flags & (ADDRESS_FLAG.tentative | ADDRESS_FLAG.dadfailed)) === 0;
  const own = new Set(addresses.filter(isSource).map(({ ip }) => ip));
  const sources = [...own].map(sourceOf);
  const marks = marked
    ? MARKS.flatMap((mark) =>
      [sourceOf(FORWARDED[family]), ...sources.slice(0, 1)]
        .map((source) => ({ source, mark }))
    )
    : [];
  const inside = new Map<string, Prefix>(), toses = new Set([0]);
  for (const key of store.routedKeys()) {
    const destination = insideOf(store.keys.destination(key));
    if (store.table(store.first(key)) === TABLE.local) sources.push(destination);
    inside.set(destination.words.join(), destination);
    toses.add(store.keys.tos(key));
  }
  const destinations = [...toses].flatMap((tos) =>
    Array.from(inside.values(), (destination) => [destination, tos] as const)
  );
  const unmarked = sources.map((source) => ({ source, mark: 0 }));
  return { sources: [...unmarked, ...marks], destinations, byKey: new Map(), seen: new Map() };
}

/** An address in a prefix. */
function insideOf({ family, words, length }: Prefix): Prefix {
  const full = words.length * 32;
  const inside = words.map((word, i) => i === words.length - 1 && length < full ? (word | 9) >>> 0 : word);
  return { family, words: inside, length: full };
}

const ways = new WeakMap<Path, string>();

function wayOf(path: Path): string {
  let way = ways.get(path);
  if (way === undefined) {
    const nexthops = path.nexthops.map(({ gateway, ifindex, weight }) =>
      `${gateway} dev ${ifindex} weight ${weight}`
    );
    ways.set(path, way = JSON.stringify([path.type, nexthops, path.prefsrc, path.metrics]));
  }
  return way;
}
