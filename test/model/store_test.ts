// The store of routes and its keys, against a plain list.

import assert from "node:assert/strict";
import { type Family, parsePrefix } from "../../src/model/address.ts";
import { Keys } from "../../src/model/keys.ts";
import { Paths } from "../../src/model/paths.ts";
import { RouteStore, type StoredRoute } from "../../src/model/store.ts";
import { Random, runSeed } from "./random.ts";

/** What a store is, written without regard to time or space. */
class Naive {
  readonly routes = new Map<string, StoredRoute[]>();

  add(name: string, route: StoredRoute, front: boolean): boolean {
    const list = this.routes.get(name) ?? [];
    if (list.some((one) => same(one, route))) return false;
    const at = list.findIndex(({ metric }) => front ? metric >= route.metric : metric > route.metric);
    list.splice(at < 0 ? list.length : at, 0, route);
    this.routes.set(name, list);
    return true;
  }

  remove(name: string, route: StoredRoute): void {
    const list = this.routes.get(name)!;
    list.splice(list.findIndex((one) => same(one, route)), 1);
    if (list.length === 0) this.routes.delete(name);
  }

  /** Whether one of the same table and metric was behind it. */
  moveBack(name: string, route: StoredRoute): boolean {
    const list = this.routes.get(name)!;
    const at = list.findIndex((one) => same(one, route));
    const isAhead = list.slice(at + 1).some(({ table, metric }) =>
      table === route.table && metric === route.metric
    );
    if (!isAhead) return false;
    const [moved] = list.splice(at, 1);
    const end = list.findIndex(({ metric }) => metric > route.metric);
    list.splice(end < 0 ? list.length : end, 0, moved);
    return true;
  }
}

function same(a: StoredRoute, b: StoredRoute): boolean {
  return a.table === b.table && a.metric === b.metric && a.path === b.path;
}

interface Both {
  readonly store: RouteStore;
  readonly naive: Naive;
  /** How many times each route was told to have come, less gone. */
  readonly told: Map<string, number>;
}

function both(family: Family): Both {
  const store = new RouteStore(family, new Paths()), told = new Map<string, number>();
  store.observer = (key, { table, metric, path }, sign) => {
    const name = `${nameOf(store, key)} ${table} ${metric} ${path}`;
    told.set(name, (told.get(name) ?? 0) + sign);
  };
  return { store, naive: new Naive(), told };
}

function nameOf({ keys }: RouteStore, key: number): string {
  return `${keys.text(key)} ${keys.tos(key)} ${keys.source(key)}`;
}

/** A key of some hundreds, with its name. */
function randomKey({ store }: Both, random: Random): number {
  const prefix = store.family === 4
    ? `10.${random.int(20)}.${random.int(20)}.0`
    : `2001:db8:${random.int(20)}:${random.int(20)}::`;
  const { words, length } = parsePrefix(`${prefix}/${random.pick([24, 25, 32])}`)!;
  const source = store.family === 6 && random.chance(20) ? random.pick(["2001:db8::/32", "fd00::/8"]) : "";
  return store.key(words, store.keys.meta(length, random.chance(10) ? 0x10 : 0, source));
}

function step(state: Both, random: Random): void {
  const { store, naive } = state;
  const key = randomKey(state, random), name = nameOf(store, key);
  const route = { table: random.pick([254, 1002, 1003]), metric: random.int(3), path: 1 + random.int(4) };
  const slot = store.find(key, route);
  const isThere = naive.routes.get(name)?.some((one) => same(one, route)) ?? false;
  assert.equal(slot >= 0, isThere);
  if (slot < 0 || random.chance(10)) {
    const front = random.chance(30);
    assert.equal(store.add(key, route, front), naive.add(name, route, front));
  } else if (random.chance(30)) assert.equal(store.moveBack(key, route), naive.moveBack(name, route));
  else {
    store.remove(slot);
    naive.remove(name, route);
  }
}

function assertSame({ store, naive, told }: Both): void {
  const found = new Map<string, StoredRoute[]>();
  for (const key of store.routedKeys()) {
    const chain: StoredRoute[] = [];
    for (let slot = store.first(key); slot >= 0; slot = store.next(slot)) {
      assert.equal(store.keyOf(slot), key);
      chain.push({ table: store.table(slot), metric: store.metric(slot), path: store.path(slot) });
    }
    found.set(nameOf(store, key), chain);
  }
  const sorted = (routes: Map<string, StoredRoute[]>) => [...routes].sort(([a], [b]) => a < b ? -1 : 1);
  assert.deepEqual(sorted(found), sorted(naive.routes));
  const all = [...naive.routes.values()].flat();
  assert.equal(store.size, all.length);
  assert.equal([...store.slots()].length, all.length);
  assert.equal([...told.values()].reduce((sum, times) => sum + times, 0), all.length);
  assert.ok([...told.values()].every((times) => times === 0 || times === 1));
  for (let path = 1; path < 6; path++) {
    assert.equal(store.mainUses(path), all.filter((one) => one.table === 254 && one.path === path).length);
  }
  assert.deepEqual(store.mainPaths(), [1, 2, 3, 4].filter((path) => store.mainUses(path) > 0));
}

for (const family of [4, 6] as const) {
  Deno.test(`IPv${family}: the store is what a plain list would be, whatever comes and goes`, () => {
    const random = new Random(runSeed() + family);
    const state = both(family);
    for (let i = 0; i < 30_000; i++) {
      step(state, random);
      if (i % 3000 === 0) assertSame(state);
      if (random.chance(1)) state.store.collect();
    }
    assertSame(state);
  });
}

Deno.test("the numbers of keys without routes are used again, and only those", () => {
  const store = new RouteStore(4, new Paths());
  const key = (i: number) => store.key([i << 8 >>> 0], store.keys.meta(24));
  const route = { table: 254, metric: 0, path: 1 };
  for (let i = 0; i < 3000; i++) store.add(key(i), route);
  const kept = key(7), { end } = store.keys;
  for (let i = 0; i < 3000; i++) if (i !== 7) store.remove(store.find(key(i), route));
  store.collect();
  for (let i = 3000; i < 5999; i++) store.add(key(i), route);
  assert.equal(store.keys.end, end, "no more numbers than at most routes");
  assert.deepEqual([key(7), store.keys.text(kept), store.first(kept) >= 0], [kept, "0.0.7.0/24", true]);
  assert.equal(store.size, 3000);
});

Deno.test("a key that is asked for and gets no route is given up; one that gets its route late is not", () => {
  const store = new RouteStore(4, new Paths());
  const [idle, late] = [1, 2].map((i) => store.key([i], store.keys.meta(32)));
  store.add(late, { table: 254, metric: 0, path: 1 });
  store.collect();
  assert.deepEqual([store.keys.isReleased(idle), store.keys.isReleased(late)], [true, false]);
  store.collect();
  assert.equal(store.key([3], store.keys.meta(32)), idle);
});

Deno.test("a slot may be removed while all are walked", () => {
  const store = new RouteStore(4, new Paths());
  const key = store.key([1], store.keys.meta(32));
  for (let path = 1; path < 9; path++) store.add(key, { table: 254, metric: path % 2, path });
  for (const slot of store.slots()) if (store.path(slot) % 3 !== 0) store.remove(slot);
  assert.deepEqual([...store.slots()].map((slot) => store.path(slot)), [6, 3]);
});

Deno.test("what was seen in a generation is told from what was not", () => {
  const store = new RouteStore(4, new Paths());
  const key = store.key([1], store.keys.meta(32));
  const [old, seen] = [1, 2].map((path) => ({ table: 254, metric: 0, path }));
  store.add(key, old);
  store.add(key, seen);
  const generation = ++store.generation;
  assert.equal(store.add(key, seen), false);
  assert.deepEqual([old, seen].map((route) => store.seenSince(store.find(key, route), generation)), [
    false,
    true,
  ]);
});

Deno.test("keys differ by destination, length, tos and source, and by nothing else", () => {
  const keys = new Keys(6);
  const words = parsePrefix("2001:db8::/32")!.words;
  const metas = [
    keys.meta(32),
    keys.meta(33),
    keys.meta(32, 0x10),
    keys.meta(32, 0, "fd00::/8"),
    keys.meta(32, 0, "fc00::/8"),
  ];
  const numbers = metas.map((meta) => keys.add(words, meta));
  assert.equal(new Set(numbers).size, metas.length);
  assert.deepEqual(metas.map((meta) => keys.find(words, meta)), numbers);
  assert.equal(keys.find(words, keys.meta(32, 0x20)), -1);
  assert.deepEqual(numbers.map((key) => `${keys.text(key)} ${keys.tos(key)} ${keys.source(key)}`), [
    "2001:db8::/32 0 ",
    "2001:db8::/33 0 ",
    "2001:db8::/32 16 ",
    "2001:db8::/32 0 fd00::/8",
    "2001:db8::/32 0 fc00::/8",
  ]);
  keys.release(numbers[0]);
  assert.equal(keys.find(words, metas[0]), -1);
  assert.deepEqual(metas.slice(1).map((meta) => keys.find(words, meta)), numbers.slice(1));
});

Deno.test("the default route's key", () => {
  const keys = new Keys(4);
  assert.equal(keys.text(keys.add([0], keys.meta(0))), "default");
});
