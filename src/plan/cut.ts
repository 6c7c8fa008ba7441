/** Which established connections lose their way by a plan. */

import {
  bits,
  covers,
  type Family,
  formatPrefix,
  maskWords,
  parsePrefix,
  type Prefix,
} from "../model/address.ts";
import { isBan, type Rule, TABLE, type TcpConnection, TYPE } from "../model/records.ts";
import type { RouteStore } from "../model/store.ts";
import type { Observed } from "./observed.ts";
import type { Plan } from "./plan.ts";

interface Flow {
  readonly local: Prefix;
  readonly peer: Prefix;
}

interface Routing {
  /** The tables that a local address's packets are looked up in, one after the other. */
  readonly tables: (local: Prefix) => readonly number[];
  /** The path of the route that a table uses of a key; undefined where it has none. */
  readonly path: (key: number, table: number) => number | undefined;
}

/**
 * Those whose packets have a way now, and would have none. Only our rules and tables, and main, are looked at, and no
 * route for a tos: whom other programs' rules lead elsewhere, only they know.
 */
export function cutConnections(
  connections: readonly TcpConnection[],
  { observed, plan }: { observed: Observed; plan: Plan },
): TcpConnection[] {
  const isCut = { 4: cutter(4, { observed, plan }), 6: cutter(6, { observed, plan }) };
  return connections.filter(({ family, local, peer }) => {
    return isCut[family]({ local: parsePrefix(local)!, peer: parsePrefix(peer)! });
  });
}

function cutter(
  family: Family,
  { observed, plan }: { observed: Observed; plan: Plan },
): (flow: Flow) => boolean {
  const { store, rules } = observed.families[family];
  const { targets, released, ways, mirror, rules: planned } = plan.families[family];
  const tables = new Set([...targets, ...released].map(({ table }) => table));
  const inStore = (key: number, table: number) => {
    let slot = store.first(key);
    while (slot >= 0 && store.table(slot) !== table) slot = store.next(slot);
    return slot < 0 ? undefined : store.path(slot);
  };
  const now: Routing = { tables: tablesBy(rules.filter(({ table }) => tables.has(table))), path: inStore };
  const then: Routing = {
    tables: tablesBy(planned),
    path: (key, table) => {
      const target = targets.find((one) => one.table === table);
      return target ? mirror.wanted(key, target)[0]?.path : inStore(key, table);
    },
  };
  return (flow) => {
    if (ways.isLocal(flow.peer)) return false;
    return hasWay(flow, { store, ...now }) && !hasWay(flow, { store, ...then });
  };
}

/** By these rules of ours, and then main. Many connections have the same local address. */
function tablesBy(rules: readonly Rule[]): Routing["tables"] {
  const ordered = rules.toSorted((a, b) => a.priority - b.priority)
    .flatMap(({ from, table }) => from === undefined ? [] : [{ from: parsePrefix(from)!, table }]);
  const known = new Map<string, readonly number[]>();
  return (local) => {
    const name = formatPrefix(local);
    let tables = known.get(name);
    if (!tables) {
      const led = ordered.filter(({ from }) => covers(from, local)).map(({ table }) => table);
      known.set(name, tables = [...led, TABLE.main]);
    }
    return tables;
  };
}

function hasWay(flow: Flow, { store, tables, path }: Routing & { store: RouteStore }): boolean {
  for (const table of tables(flow.local)) {
    for (const key of keysFor(flow, store)) {
      const found = path(key, table);
      if (found === undefined) continue;
      const used = store.paths.get(found);
      if (used.type === TYPE.throw) break;
      return !isBan(used);
    }
  }
  return false;
}

/** The keys that a packet is looked up by, the narrowest first. */
function* keysFor({ local, peer }: Flow, { family, keys }: RouteStore): Generator<number> {
  const sources = keys.sources.filter((source) => source === "" || covers(parsePrefix(source)!, local))
    .sort((a, b) => lengthOf(b) - lengthOf(a));
  for (let length = bits(family); length >= 0; length--) {
    const words = maskWords(peer.words, length);
    for (const source of sources) {
      const key = keys.find(words, keys.meta(length, 0, source));
      if (key >= 0) yield key;
    }
  }
}

function lengthOf(source: string): number {
  return source === "" ? -1 : parsePrefix(source)!.length;
}
