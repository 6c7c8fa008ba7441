// A kernel in small: how rules and routes come and go, and which route a packet takes.
//
// Written after net/core/fib_rules.c, net/ipv4/fib_trie.c, net/ipv4/fib_semantics.c and net/ipv6/route.c, and not after
// the program's own store. What it knows beyond the obvious: IPv4 stacks routes of one metric, and a delete takes the
// first that fits what the request *says* (one that names no source fits routes that have one, one with a single next
// hop fits multipath routes that begin with it, and one with several fits routes of the first of these alone); IPv6
// replaces one route of a metric.

import type { Family } from "../../src/model/address.ts";
import { withNexthops } from "../../src/model/paths.ts";
import {
  ACTION_LOOKUP,
  isBan,
  type Nexthop,
  type Path,
  type Rule,
  ruleIdentity,
  TYPE,
} from "../../src/model/records.ts";
import { RouteStore } from "../../src/model/store.ts";
import type { Change, RouteChange, RuleChange } from "../../src/model/change.ts";
import { MainFacts } from "../../src/model/facts.ts";
import { type Flow, keysFor, selects } from "./packets.ts";
import type { Observed, ObservedFamily } from "../../src/plan/observed.ts";

export interface KernelRoute {
  readonly table: number;
  readonly key: number;
  readonly metric: number;
  readonly path: number;
}

/** RTAX_CC_ALGO */
const CONGESTION_CONTROL = 16;

/** The routes of one family, by table and key; those of one key by metric, and of one metric in order. */
export type Tables = Map<number, Map<number, KernelRoute[]>>;

const words = new Uint32Array(4);

/** The kernel refuses, or does what cannot have been meant. */
export class KernelError extends Error {}

export class FakeKernel {
  readonly #observed: Observed;
  readonly rules: Record<Family, Rule[]>;
  readonly routes: Record<Family, Tables>;

  constructor(observed: Observed) {
    this.#observed = observed;
    const { families } = observed;
    this.rules = { 4: [...families[4].rules], 6: [...families[6].rules] };
    this.routes = { 4: tablesOf(families[4]), 6: tablesOf(families[6]) };
  }

  apply(change: Change): void {
    if ("rule" in change) this.#applyRule(change);
    else if (change.family === 4) this.#apply4(change);
    else this.#apply6(change);
  }

  #applyRule({ op, rule }: RuleChange): void {
    const rules = this.rules[rule.family];
    // The kernel does not look at where a rule goes on.
    const identityOf = (one: Rule) => ruleIdentity({ ...one, goto: undefined });
    const identity = identityOf(rule), at = rules.findIndex((one) => identityOf(one) === identity);
    if (op === "delete-rule") {
      if (at < 0) throw new KernelError("ENOENT: no such rule");
      rules.splice(at, 1);
      return;
    }
    if (at >= 0) throw new KernelError("EEXIST: there is such a rule");
    // Behind those of its priority.
    const behind = rules.findIndex(({ priority }) => priority > rule.priority);
    rules.splice(behind < 0 ? rules.length : behind, 0, rule);
  }

  #list({ family, table, key }: RouteChange): KernelRoute[] {
    return listOf(this.routes[family], table, key);
  }

  #apply4(change: RouteChange): void {
    const list = this.#list(change), { op, table, key, metric, path } = change;
    if (op === "delete") {
      const at = list.findIndex((route) => this.#fits4(change, route));
      if (at < 0) throw new KernelError("ESRCH: no such route");
      list.splice(at, 1);
      return;
    }
    const equals = list.filter((route) => route.metric === metric);
    if (equals.some((route) => route.path === path)) throw new KernelError("EEXIST: there is such a route");
    const route = { table, key, metric, path };
    const first = list.findIndex((one) => one.metric >= metric);
    const front = first < 0 ? list.length : first;
    if (op === "replace" && equals.length > 0) list[front] = route;
    else list.splice(op === "append" ? front + equals.length : front, 0, route);
  }

  /** fib_table_delete, fib_nh_match and fib_metrics_match: what the request leaves out fits everything. */
  #fits4({ family, metric, path }: RouteChange, route: KernelRoute): boolean {
    const { paths } = this.#observed.families[family].store;
    const asked = paths.get(path), there = paths.get(route.path);
    if (asked.type !== there.type || asked.scope !== there.scope) return false;
    if (asked.protocol !== 0 && asked.protocol !== there.protocol) return false;
    if (asked.prefsrc !== undefined && asked.prefsrc !== there.prefsrc) return false;
    if (metric !== 0 && metric !== route.metric) return false;
    // Our requests name every metric, also those that are 0, but for the congestion control, which has no such value.
    const named = (metrics: Path["metrics"]) =>
      JSON.stringify(metrics.filter(([id]) => id !== CONGESTION_CONTROL));
    if (named(asked.metrics) !== named(there.metrics)) return false;
    const fits = (nexthop: Nexthop, i: number) => {
      const wanted = asked.nexthops[i];
      return wanted?.ifindex === nexthop.ifindex && [undefined, nexthop.gateway].includes(wanted.gateway);
    };
    // What a request with several goes on with behind the route's last one is not looked at.
    return asked.nexthops.length > 1
      ? there.nexthops.every(fits)
      : there.nexthops.length === 0 || fits(there.nexthops[0], 0);
  }

  #apply6(change: RouteChange): void {
    const list = this.#list(change), { op, table, key, metric, path } = change;
    if (op === "delete") return this.#delete6(list, change);
    if (op !== "replace") throw new KernelError(`IPv6 has no ${op}`);
    const route = { table, key, metric, path };
    const { paths } = this.#observed.families[6].store;
    const alike = (one: KernelRoute) => joins(paths.get(one.path)) === joins(paths.get(path));
    const equals = list.filter((one) => one.metric === metric);
    // One that could be a sibling replaces one that could be; else the first.
    const replaced = equals.find(alike) ?? equals[0];
    if (replaced) list[list.indexOf(replaced)] = route;
    else {
      const behind = list.findIndex((one) => one.metric > metric);
      list.splice(behind < 0 ? list.length : behind, 0, route);
    }
  }

  /** ip6_route_del: a request with a gateway takes one next hop, one without takes the whole route. */
  #delete6(list: KernelRoute[], { metric, path }: RouteChange): void {
    const { paths } = this.#observed.families[6].store;
    const asked = paths.get(path);
    for (const nexthop of asked.nexthops.length === 0 ? [undefined] : asked.nexthops) {
      const at = list.findIndex((route) => {
        const there = paths.get(route.path);
        return route.metric === metric && there.protocol === asked.protocol &&
          (!nexthop ||
            there.nexthops.some((one) =>
              nexthop.gateway ? sameWay(nexthop, one) : nexthop.ifindex === one.ifindex
            ));
      });
      if (at < 0) throw new KernelError("ESRCH: no such route");
      const there = paths.get(list[at].path);
      const rest = there.nexthops.filter((one) => !nexthop?.gateway || !sameWay(nexthop, one));
      if (!nexthop?.gateway || rest.length === 0) list.splice(at, 1);
      else list[at] = { ...list[at], path: paths.intern(withNexthops(there, rest)) };
    }
  }

  /** The route that a packet takes by those rules; undefined where none leads there. */
  answer(flow: Flow, rules: readonly Rule[] = this.rules[flow.source.family]): KernelRoute | undefined {
    return this.answerAlong(keysFor(this.store(flow.source.family).keys, flow), { flow, rules });
  }

  /** The same, where the keys that fit the packet are known. */
  answerAlong(
    keys: readonly number[],
    { flow: { source, mark }, rules }: { flow: Flow; rules: readonly Rule[] },
  ): KernelRoute | undefined {
    for (let i = 0; i < rules.length; i++) {
      const rule = rules[i];
      if (!selects(rule, source, mark)) continue;
      // Without one to go on at, it does nothing.
      const next = rule.goto === undefined ? -1 : rules.findIndex(({ priority }) => priority === rule.goto);
      if (next >= 0) i = next - 1;
      if (rule.action !== ACTION_LOOKUP) continue;
      const table = this.routes[source.family].get(rule.table);
      const found = table && first(table, keys);
      if (found && this.path(source.family, found).type !== TYPE.throw) return found;
    }
    return undefined;
  }

  store(family: Family): RouteStore {
    return this.#observed.families[family].store;
  }

  path(family: Family, { path }: KernelRoute): Path {
    return this.#observed.families[family].store.paths.get(path);
  }

  /** What the program would see now, with the same key and path numbers in every look. */
  observe(): Observed {
    const { links, addresses, arp, marks } = this.#observed;
    return { links, addresses, arp, marks, families: { 4: this.#observe(4), 6: this.#observe(6) } };
  }

  #observe(family: Family): ObservedFamily {
    const was = this.#observed.families[family];
    const store = new RouteStore(family, was.store.paths);
    const facts = new MainFacts(store);
    for (let key = 0; key < was.store.keys.end; key++) {
      was.store.keys.copyWords(key, words);
      store.key(
        words,
        store.keys.meta(was.store.keys.length(key), was.store.keys.tos(key), was.store.keys.source(key)),
      );
    }
    for (const table of this.routes[family].values()) {
      for (const list of table.values()) for (const route of list) store.add(route.key, route);
    }
    return { ...was, rules: [...this.rules[family]], store, facts };
  }
}

function tablesOf({ store }: ObservedFamily): Tables {
  const tables: Tables = new Map();
  for (const slot of store.slots()) {
    const [table, key] = [store.table(slot), store.keyOf(slot)];
    listOf(tables, table, key).push({ table, key, metric: store.metric(slot), path: store.path(slot) });
  }
  return tables;
}

function listOf(tables: Tables, table: number, key: number): KernelRoute[] {
  let keys = tables.get(table);
  if (!keys) tables.set(table, keys = new Map());
  let list = keys.get(key);
  if (!list) keys.set(key, list = []);
  return list;
}

function first(
  table: ReadonlyMap<number, readonly KernelRoute[]>,
  keys: readonly number[],
): KernelRoute | undefined {
  for (const key of keys) {
    const route = table.get(key)?.[0];
    if (route) return route;
  }
  return undefined;
}

/** Whether a route may become part of a multipath route. */
function joins(path: Path): boolean {
  return !isBan(path) && path.nexthops[0]?.gateway !== undefined;
}

function sameWay(a: Nexthop, b: Nexthop): boolean {
  return a.ifindex === b.ifindex && a.gateway === b.gateway;
}
