// Prefixes that together cover more than half of the world make an uplink, however they are written.

import assert from "node:assert/strict";
import { formatIp } from "../../src/model/address.ts";
import type { RouteStore } from "../../src/model/store.ts";
import type { MainFacts } from "../../src/model/facts.ts";
import { readRoute } from "../model/route_text.ts";
import { addRoute, readWorld } from "../model/world.ts";

interface Live {
  readonly store: RouteStore;
  readonly facts: MainFacts;
  add(prefix: string): void;
  remove(prefix: string): void;
}

const TUN = 9;

function live(family: 4 | 6, prefixes: readonly string[] = []): Live {
  const { families } = readWorld({ links: "9: tun0 up kind tun\n8: em1 up", addresses: "" });
  const { store, facts } = families[family];
  const route = (prefix: string) => readRoute(`${prefix} dev tun0 metric 50`, { family, indexes: () => TUN });
  const one: Live = {
    store,
    facts,
    add: (prefix) => void addRoute(store, route(prefix)),
    remove: (prefix) => {
      const { destination, table, metric, path } = route(prefix);
      const key = store.key(destination.words, store.keys.meta(destination.length));
      store.remove(store.find(key, { table, metric, path: store.paths.intern(path) }));
    },
  };
  prefixes.forEach(one.add);
  return one;
}

/** All of IPv4's global unicast but one /8. */
function allBut(lan: number): string[] {
  const rest: string[] = [];
  let base = 0;
  for (let length = 1; length <= 8; length++) {
    const half = 2 ** (32 - length);
    const isInUpper = lan * 2 ** 24 >= base + half;
    rest.push(`${formatIp(4, [isInUpper ? base : base + half])}/${length}`);
    if (isInUpper) base += half;
  }
  return rest;
}

const covered: [name: string, family: 4 | 6, prefixes: string[]][] = [
  ["0.0.0.0/1 and 128.0.0.0/1", 4, ["0.0.0.0/1", "128.0.0.0/1"]],
  ["0.0.0.0/1 alone", 4, ["0.0.0.0/1"]],
  ["all but 10.0.0.0/8", 4, allBut(10)],
  ["all but 192.0.0.0/8", 4, allBut(192)],
  ["2000::/3", 6, ["2000::/3"]],
  ["2000::/4 and 3000::/4", 6, ["2000::/4", "3000::/4"]],
  ["::/1", 6, ["::/1"]],
  ["just more than half of IPv6", 6, ["2000::/4", "3000::/48"]],
  ["just more than half of IPv4", 4, ["0.0.0.0/2", "64.0.0.0/3", "96.0.0.0/4", "112.0.0.0/32"]],
];
for (const [name, family, prefixes] of covered) {
  Deno.test(`more than half of the world: ${name}`, () => {
    assert.equal(live(family, prefixes).facts.coversWorld(TUN), true);
  });
}

const uncovered: [name: string, family: 4 | 6, prefixes: string[]][] = [
  ["nothing", 4, []],
  ["128.0.0.0/1, of which a quarter is multicast and reserved", 4, ["128.0.0.0/1"]],
  ["exactly half of IPv4: 0.0.0.0 to 111.255.255.255", 4, ["0.0.0.0/2", "64.0.0.0/3", "96.0.0.0/4"]],
  ["exactly half of IPv6: 2000::/4", 6, ["2000::/4"]],
  ["half twice, one inside the other", 4, [
    "0.0.0.0/2",
    "64.0.0.0/3",
    "96.0.0.0/4",
    "0.0.0.0/3",
    "64.0.0.0/4",
  ]],
  ["multicast and the rest of the reserved", 4, ["224.0.0.0/3"]],
  ["what is no global unicast of IPv6", 6, ["::/3", "8000::/1", "fc00::/7"]],
  ["10.0.0.0/8 and all of its parts", 4, ["10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9"]],
];
for (const [name, family, prefixes] of uncovered) {
  Deno.test(`not more than half of the world: ${name}`, () => {
    assert.equal(live(family, prefixes).facts.coversWorld(TUN), false);
  });
}

Deno.test("a default route is told apart from coverage", () => {
  const { facts } = live(4, ["default"]);
  assert.deepEqual([facts.hasDefault(TUN), facts.coversWorld(TUN)], [true, false]);
});

Deno.test("a list that comes and goes route by route: right after every step, and told of by the version", () => {
  const list = [
    "0.0.0.0/2",
    "64.0.0.0/3",
    "0.0.0.0/3",
    "96.0.0.0/4",
    "112.0.0.0/4",
    "0.0.0.0/1",
    "10.0.0.0/8",
  ];
  const one = live(4);
  const has = new Set<string>();
  const truth = () =>
    has.has("0.0.0.0/1") || list.slice(3, 5).every((prefix) => has.has(prefix)) && has.has("64.0.0.0/3") &&
      has.has("0.0.0.0/2");
  const check = (step: string, change: () => void) => {
    const [before, version] = [one.facts.coversWorld(TUN), one.facts.version];
    change();
    if (before !== truth()) assert.notEqual(one.facts.version, version, `${step} has to be told of`);
    assert.equal(one.facts.coversWorld(TUN), truth(), step);
  };
  for (let seed = 1; seed < 3000; seed++) {
    const prefix = list[(seed * 2654435761 >>> 7) % list.length];
    if (has.delete(prefix)) check(`without ${prefix}`, () => one.remove(prefix));
    else {
      has.add(prefix);
      check(`with ${prefix}`, () => one.add(prefix));
    }
  }
});

Deno.test("small routes that come and go are no reason to plan again", () => {
  for (const prefixes of [[], ["0.0.0.0/1", "128.0.0.0/1"], allBut(10)]) {
    const one = live(4, prefixes);
    one.facts.coversWorld(TUN);
    const { version } = one.facts;
    for (let i = 0; i < 5000; i++) one.add(`10.${i >> 8}.${i & 255}.0/24`);
    for (let i = 0; i < 5000; i++) one.remove(`10.${i >> 8}.${i & 255}.0/24`);
    assert.equal(one.facts.version, version);
  }
});

Deno.test("a ban, a default or the first gateway that comes or goes is a reason to plan again", () => {
  const { families } = readWorld({ links: "8: em1 up", addresses: "" });
  const { store, facts } = families[4];
  for (const text of ["blackhole 10.0.0.0/8", "default dev em1", "10.1.0.0/16 via 10.0.0.1 dev em1"]) {
    let { version } = facts;
    const key = addRoute(store, readRoute(text, { family: 4, indexes: () => 8 }));
    assert.notEqual(facts.version, version, `${text} comes`);
    version = facts.version;
    store.remove(store.first(key));
    assert.notEqual(facts.version, version, `${text} goes`);
  }
});

Deno.test("a second route by the same gateway is no reason to plan again", () => {
  const { families } = readWorld({
    links: "8: em1 up",
    addresses: "",
    routes: "10.1.0.0/16 via 10.0.0.1 dev em1",
  });
  const { store, facts } = families[4];
  const { version } = facts;
  const key = addRoute(store, readRoute("10.2.0.0/16 via 10.0.0.1 dev em1", { family: 4, indexes: () => 8 }));
  store.remove(store.first(key));
  assert.equal(facts.version, version);
});

Deno.test("mirrored routes and others' tables make no uplink", () => {
  const { families } = readWorld({
    links: "9: tun0 up kind tun",
    addresses: "",
    routes:
      "default dev tun0 table 52\n0.0.0.0/1 dev tun0 table 1009\n10.0.0.0/8 via 10.0.0.1 dev tun0 table 1009",
  });
  const { facts } = families[4];
  assert.deepEqual([facts.hasDefault(TUN), facts.coversWorld(TUN), facts.gatewayDevices().has(TUN)], [
    false,
    false,
    false,
  ]);
  assert.deepEqual([facts.tableSize(52), facts.tableSize(1009), facts.tableSize(7)], [1, 2, 0]);
});
