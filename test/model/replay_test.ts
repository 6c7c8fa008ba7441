// What a notification does to the store: as to the kernel's own lists.

import assert from "node:assert/strict";
import { type Family } from "../../src/model/address.ts";
import { Paths } from "../../src/model/paths.ts";
import { type Effect, replay } from "../../src/model/replay.ts";
import { RouteStore } from "../../src/model/store.ts";
import { routeText } from "../../src/model/text.ts";
import { Random, runSeed } from "./random.ts";
import { readRoute } from "./route_text.ts";
import { addRoute } from "./world.ts";

const indexes = (name: string) => Number(name.slice(2));
const names = (ifindex: number) => `em${ifindex}`;

/** `new`, `append`, `replace` or `delete`, and a route. */
type Event = string;

function storeOf(family: Family, routes: readonly string[]): RouteStore {
  const store = new RouteStore(family, new Paths());
  for (const route of routes) addRoute(store, readRoute(route, { family, indexes }));
  return store;
}

function hear(store: RouteStore, event: Event): Effect {
  const [, op, text] = /^(\w+) (.*)$/.exec(event)!;
  const { destination, tos, source, table, metric, path } = readRoute(text, {
    family: store.family,
    indexes,
  });
  const key = store.key(destination.words, store.keys.meta(destination.length, tos, source));
  const route = { table, metric, path: store.paths.intern(path) };
  return replay(store, {
    ...{
      op: op === "delete" ? "delete" : "new",
      key,
      route,
      replace: op === "replace",
      append: op === "append",
    },
  });
}

/** All routes as the shortest texts that tell them apart. */
function contents(store: RouteStore): string[] {
  return [...store.slots()].map((slot) =>
    routeText({
      destination: store.keys.text(store.keyOf(slot)),
      table: store.table(slot),
      metric: store.metric(slot),
      path: store.paths.get(store.path(slot)),
    }, names).replaceAll(" proto boot", "").replaceAll(" weight 1", "")
  );
}

function assertHeard(family: Family, { before, event, effect, after }: {
  before: string[];
  event: Event;
  effect: Effect;
  after: string[];
}): void {
  const store = storeOf(family, before);
  assert.equal(hear(store, event), effect);
  assert.deepEqual(contents(store), after);
}

const A = "default via 10.0.0.1 dev em1",
  B = "default via 10.0.0.2 dev em1",
  C = "default via 10.0.0.3 dev em1";
const cases4: [name: string, before: string[], event: Event, effect: Effect, after: string[]][] = [
  ["a route comes", [], `new ${A}`, "changed", [A]],
  ["one that is known", [A], `new ${A}`, "none", [A]],
  ["a bare create stacks in front", [A], `new ${B}`, "changed", [B, A]],
  ["an append goes behind", [A, B], `append ${C}`, "changed", [A, B, C]],
  ["a replace takes the only one's place", [A], `replace ${C}`, "changed", [C]],
  ["a replace takes the first's place, or another's", [A, B], `replace ${C}`, "partly", [C, B]],
  ["a replace by one that is known", [A, B], `replace ${B}`, "partly", [A, B]],
  ["a replace by the same", [A], `replace ${A}`, "none", [A]],
  ["a replace where there is none", [], `replace ${A}`, "changed", [A]],
  ["a replace leaves other metrics", [`${A} metric 5`], `replace ${B}`, "changed", [B, `${A} metric 5`]],
  ["a route goes", [A, B], `delete ${A}`, "changed", [B]],
  ["one goes that was never known", [], `delete ${A}`, "none", []],
  ["one goes that is not among its equals", [A], `delete ${B}`, "doubt", [A]],
  ["a better metric stands in front", [`${A} metric 5`], `append ${B} metric 1`, "changed", [
    `${B} metric 1`,
    `${A} metric 5`,
  ]],
  ["another table is apart", [A], `new ${B} table 7`, "changed", [`${B.replace("em1", "em1 table 7")}`, A]],
];
for (const [name, before, event, effect, after] of cases4) {
  Deno.test(`IPv4: ${name}`, () => assertHeard(4, { before, event, effect, after }));
}

const hop = (i: number) => `nexthop via fe80::${i} dev em1`;
const plain = (i: number) => `default via fe80::${i} dev em1 metric 9`;
const multi = (...hops: number[]) => `default metric 9 ${hops.map(hop).join(" ")}`;
const cases6: [name: string, before: string[], event: Event, effect: Effect, after: string[]][] = [
  ["a route comes", [], `new ${plain(1)}`, "changed", [plain(1)]],
  ["one that is known", [plain(1)], `new ${plain(1)}`, "none", [plain(1)]],
  ["a sibling comes, told of with all", [plain(1)], `new ${multi(1, 2)}`, "changed", [multi(1, 2)]],
  ["a sibling that differs comes", [`${plain(1)} mtu 1400`], `new ${multi(1, 2)}`, "partly", [multi(1, 2)]],
  ["a third sibling", [multi(1, 2)], `append ${multi(1, 2, 3)}`, "changed", [multi(1, 2, 3)]],
  ["a replace", [plain(1)], `replace ${plain(2)}`, "changed", [plain(2)]],
  ["a replace of all siblings", [multi(1, 2, 3)], `replace ${plain(4)}`, "changed", [plain(4)]],
  ["a replace by the same", [plain(1)], `replace ${plain(1)}`, "none", [plain(1)]],
  ["a sibling goes", [multi(1, 2, 3)], `delete ${plain(2)}`, "partly", [multi(1, 3)]],
  ["the last sibling but one goes", [multi(1, 2)], `delete ${plain(1)}`, "partly", [plain(2)]],
  ["all siblings go at once", [multi(1, 2)], `delete ${multi(1, 2)}`, "changed", []],
  ["a stranger goes", [multi(1, 2)], `delete ${plain(3)}`, "doubt", [multi(1, 2)]],
  ["one goes that was never known", [], `delete ${plain(1)}`, "none", []],
  [
    "two that are apart: one is replaced, which is not told",
    ["default dev em1 metric 9", plain(1)],
    `replace ${plain(2)}`,
    "doubt",
    [plain(2)],
  ],
];
for (const [name, before, event, effect, after] of cases6) {
  Deno.test(`IPv6: ${name}`, () => assertHeard(6, { before, event, effect, after }));
}

function sortedHops(route: string): string[] {
  return route.split(" nexthop ").sort();
}

Deno.test("IPv6: siblings that come and go one by one, in any order", () => {
  const random = new Random(runSeed());
  for (let world = 0; world < 500; world++) {
    const store = new RouteStore(6, new Paths());
    let there: number[] = [];
    for (let i = 0; i < 20; i++) {
      const gateway = 1 + random.int(5);
      const goes = there.includes(gateway);
      if (goes) there = there.filter((one) => one !== gateway);
      else there.push(gateway);
      const effect = goes && there.length > 0 ? "partly" : "changed";
      const event = goes
        ? `delete ${plain(gateway)}`
        : `new ${there.length === 1 ? plain(gateway) : multi(...there)}`;
      assert.equal(hear(store, event), effect, event);
      const expected = there.length === 0 ? [] : [there.length === 1 ? plain(there[0]) : multi(...there)];
      // In IPv6 they have no order.
      assert.deepEqual(contents(store).map(sortedHops), expected.map(sortedHops));
    }
  }
});

Deno.test("IPv4: any run of events leaves what the kernel's own list would be", () => {
  const random = new Random(runSeed());
  const routes = [A, B, C, `${A} metric 5`, `${B} metric 5`];
  for (let world = 0; world < 500; world++) {
    const store = new RouteStore(4, new Paths());
    let list: string[] = [];
    for (let i = 0; i < 20; i++) {
      const route = random.pick(routes), isIn = list.includes(route);
      const op = isIn ? "delete" : random.pick(["new", "append", "replace"]);
      const metric = (one: string) => one.split(" metric ")[1];
      const isUnclear = op === "replace" && list.filter((one) => metric(one) === metric(route)).length > 1;
      list = afterwards(list, { op, route });
      assert.equal(hear(store, `${op} ${route}`), isUnclear ? "partly" : "changed");
      assert.deepEqual(contents(store), list);
    }
  }
});

/** fib_trie.c: aliases of one key, by metric. */
function afterwards(list: readonly string[], { op, route }: { op: string; route: string }): string[] {
  if (op === "delete") return list.filter((one) => one !== route);
  const metric = (one: string) => Number(/metric (\d+)/.exec(one)?.[1] ?? 0);
  const before = list.filter((one) => metric(one) < metric(route)),
    behind = list.filter((one) => metric(one) > metric(route));
  const equals = list.filter((one) => metric(one) === metric(route));
  const changed = op === "append"
    ? [...equals, route]
    : [route, ...(op === "replace" ? equals.slice(1) : equals)];
  return [...before, ...changed, ...behind];
}
