// Prefixes, asked for what lies within one, and what around it.

import assert from "node:assert/strict";
import { covers, formatPrefix, parsePrefix, type Prefix } from "../../src/model/address.ts";
import { halves, type Placed, Prefixes } from "../../src/model/prefixes.ts";
import { Random, runSeed } from "../model/random.ts";

const set = (...texts: string[]) =>
  new Prefixes(texts.map((text, value) => ({ prefix: parsePrefix(text)!, value })));
const texts = (found: readonly Placed<unknown>[]) => found.map(({ prefix }) => formatPrefix(prefix));

const some = set(
  "10.0.0.2",
  "10.0.0.0/24",
  "10.0.0.0/16",
  "10.0.1.0/24",
  "10.0.0.255",
  "0.0.0.0/0",
  "10.0.0.0",
);

const questions: [of: string, within: string[], around: string[]][] = [
  ["10.0.0.0/24", ["10.0.0.0/24", "10.0.0.0", "10.0.0.2", "10.0.0.255"], [
    "10.0.0.0/24",
    "10.0.0.0/16",
    "0.0.0.0/0",
  ]],
  ["10.0.0.0/25", ["10.0.0.0", "10.0.0.2"], ["10.0.0.0/24", "10.0.0.0/16", "0.0.0.0/0"]],
  ["10.0.0.2", ["10.0.0.2"], ["10.0.0.2", "10.0.0.0/24", "10.0.0.0/16", "0.0.0.0/0"]],
  ["10.0.2.0/23", [], ["10.0.0.0/16", "0.0.0.0/0"]],
  ["11.0.0.0/8", [], ["0.0.0.0/0"]],
];
for (const [of, within, around] of questions) {
  Deno.test(`within and around ${of}`, () => {
    assert.deepEqual(texts(some.within(parsePrefix(of)!)), within);
    assert.deepEqual(texts(some.around(parsePrefix(of)!)), around);
  });
}

Deno.test("several values of one prefix", () => {
  const two = set("2001:db8::/64", "2001:db8::/64");
  assert.deepEqual(two.within(parsePrefix("2001:db8::/32")!).map(({ value }) => value), [0, 1]);
  assert.deepEqual(two.around(parsePrefix("2001:db8::1")!).map(({ value }) => value), [0, 1]);
});

Deno.test("halves", () => {
  const halvesOf = (text: string) => halves(parsePrefix(text)!).map(formatPrefix);
  assert.deepEqual(halvesOf("0.0.0.0/0"), ["0.0.0.0/1", "128.0.0.0/1"]);
  assert.deepEqual(halvesOf("10.0.0.2/31"), ["10.0.0.2", "10.0.0.3"]);
  assert.deepEqual(halvesOf("2001:db8::/32"), ["2001:db8::/33", "2001:db8:8000::/33"]);
  assert.deepEqual(halvesOf("2001:db8::/127"), ["2001:db8::", "2001:db8::1"]);
});

Deno.test("the same as asking each one", () => {
  const random = new Random(runSeed());
  const of = (family: 4 | 6): Prefix => {
    const length = random.int(family === 4 ? 33 : 129), tail = random.int(4) * 2 ** random.int(8);
    return parsePrefix(
      family === 4 ? `10.0.${random.int(3)}.${tail % 256}/${length}` : `2001:db8::${tail}/${length}`,
    )!;
  };
  for (let i = 0; i < 300; i++) {
    const family = random.pick([4, 6] as const);
    const all = Array.from({ length: random.int(30) }, (_, value) => ({ prefix: of(family), value }));
    const prefixes = new Prefixes(all), asked = of(family);
    const values = (found: readonly Placed<number>[]) => found.map(({ value }) => value).sort();
    const which = (holds: (one: Prefix) => boolean) => values(all.filter(({ prefix }) => holds(prefix)));
    assert.deepEqual(values(prefixes.within(asked)), which((one) => covers(asked, one)));
    assert.deepEqual(values(prefixes.around(asked)), which((one) => covers(one, asked)));
    assert.deepEqual(
      values(prefixes.meeting(asked)),
      which((one) => covers(one, asked) || covers(asked, one)),
    );
  }
});
