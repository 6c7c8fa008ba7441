// Addresses and prefixes, as text and as words.

import assert from "node:assert/strict";
import {
  covers,
  type Family,
  formatIp,
  formatPrefix,
  isLinkLocal,
  maskWords,
  parseIp,
  parsePrefix,
} from "../../src/model/address.ts";
import { Random, runSeed } from "./random.ts";

const canonical: [written: string, canonical: string][] = [
  ["192.0.2.1", "192.0.2.1"],
  ["255.255.255.255", "255.255.255.255"],
  ["0.0.0.0", "0.0.0.0"],
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["2001:0db8::0001", "2001:db8::1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["0:0:0:0:0:0:0:0", "::"],
  ["0:0:0:0:0:0:0:1", "::1"],
  ["1:0:0:0:0:0:0:0", "1::"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ["::ffff:c000:201", "::ffff:192.0.2.1"],
  ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
  ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
];
for (const [written, text] of canonical) {
  Deno.test(`${written} is ${text}`, () => {
    const parsed = parseIp(written)!;
    assert.equal(formatIp(parsed.family, parsed.words), text);
  });
}

const bad = [
  ...["", " ", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.-4", "1.2.3.4 ", "a.b.c.d", "1.2.3.0x4"],
  ...[
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    "g::",
    "1:2:3:4:5:6:7:8::",
    ":1::2",
  ],
  ...["::1.2.3", "::1.2.3.256", "1.2.3.4::", "fe80::1%em1", "::1/64"],
];
for (const text of bad) {
  Deno.test(`'${text}' is no address`, () => assert.equal(parseIp(text), undefined));
}

for (
  const text of [
    "",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "::/129",
    "default",
    "10.0.0.0/1x",
  ]
) {
  Deno.test(`'${text}' is no prefix`, () => assert.equal(parsePrefix(text), undefined));
}

Deno.test("a prefix has no bits beyond its length, and none is written where it is full", () => {
  const text = (prefix: string) => formatPrefix(parsePrefix(prefix)!);
  assert.equal(text("10.1.2.3/8"), "10.0.0.0/8");
  assert.equal(text("10.1.2.3/32"), "10.1.2.3");
  assert.equal(text("10.1.2.3"), "10.1.2.3");
  assert.equal(text("2001:db8:ffff:ffff::1/33"), "2001:db8:8000::/33");
  assert.equal(text("::1/128"), "::1");
  assert.equal(text("255.255.255.255/0"), "0.0.0.0/0");
});

Deno.test("what covers what", () => {
  const is = (outer: string, inner: string) => covers(parsePrefix(outer)!, parsePrefix(inner)!);
  assert.ok(is("10.0.0.0/8", "10.1.0.0/16") && is("10.0.0.0/8", "10.0.0.0/8") && is("0.0.0.0/0", "10.0.0.1"));
  assert.ok(is("2001:db8::/33", "2001:db8:7fff::/48") && !is("2001:db8::/33", "2001:db8:8000::/48"));
  assert.ok(!is("10.0.0.0/16", "10.0.0.0/8") && !is("10.0.0.0/8", "11.0.0.0/16") && !is("0.0.0.0/0", "::1"));
});

Deno.test("what is link-local", () => {
  const is = (ip: string) => isLinkLocal(parseIp(ip)!.family, parseIp(ip)!.words);
  assert.ok(is("169.254.0.1") && is("fe80::1") && is("febf::1"));
  assert.ok(
    !is("169.253.255.255") && !is("169.255.0.0") && !is("fec0::1") && !is("fe7f::1") && !is("fd00::1"),
  );
});

Deno.test("any address survives text, any prefix too", () => {
  const random = new Random(runSeed());
  for (let i = 0; i < 20_000; i++) {
    const family: Family = random.pick([4, 6]);
    // Many zeros, so that there is something to leave out.
    const word = () => random.chance(40) ? 0 : random.chance(50) ? random.int(2 ** 32) : random.int(65536);
    const words = Array.from({ length: family === 4 ? 1 : 4 }, word);
    const text = formatIp(family, words);
    assert.deepEqual(parseIp(text), { family, words }, text);
    const prefix = { family, length: random.int(words.length * 32 + 1), words };
    const masked = { ...prefix, words: maskWords(words, prefix.length) };
    assert.deepEqual(parsePrefix(formatPrefix(masked)), masked, formatPrefix(masked));
    assert.ok(covers(masked, { family, words, length: words.length * 32 }));
  }
});
