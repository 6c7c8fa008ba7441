// The ruleset's text, and what is read from a listing of it.

import assert from "node:assert/strict";
import { differences, rememberedMarks, rulesetText, saysTheSame } from "../../src/connmark/ruleset.ts";
import type { Marks } from "../../src/plan/marks.ts";

const MASK = 0x7f000000;
const MARKS: Marks = {
  uplinks: [
    { name: "em1", ifindex: 2, mark: 0x01000000, families: [4, 6] },
    { name: "em2.7", ifindex: 3, mark: 0x02000000, families: [4] },
  ],
  remembered: new Map([["em1", 0x01000000], ["em2.7", 0x02000000], ["gone0", 0x05000000]]),
  unmarked: [],
};
const TEXT = rulesetText(MARKS, MASK);

/** The rules of one chain. */
function rulesOf(chain: string, text = TEXT): string[] {
  const body = text.split(`\tchain ${chain} {\n`)[1]?.split("\n\t}")[0] ?? "";
  return body.split("\n").map((line) => line.trim());
}

Deno.test("a connection is marked by the interface that it enters by, in the families in which that has a table", () => {
  assert.deepEqual(rulesOf("enter-ipv4"), [
    'iifname vmap { "em1" : goto mark-1, "em2.7" : goto mark-2 }',
    "ct mark set ct mark | 0x7f000000",
  ]);
  assert.deepEqual(rulesOf("enter-ipv6"), [
    'iifname vmap { "em1" : goto mark-1 }',
    "ct mark set ct mark | 0x7f000000",
  ]);
  assert.deepEqual(rulesOf("mark-2"), ["ct mark set ct mark & 0x82ffffff | 0x02000000"]);
});

Deno.test("without uplinks every connection that enters is main's", () => {
  const text = rulesetText({ uplinks: [], remembered: new Map(), unmarked: [] }, MASK);
  assert.deepEqual(rulesOf("enter-ipv4", text), ["ct mark set ct mark | 0x7f000000"]);
  assert.deepEqual(rememberedMarks(text), new Map());
});

Deno.test("what has a table and no mark is not main's", () => {
  const text = rulesetText({ ...MARKS, unmarked: ["em3"] }, MASK);
  for (const chain of ["enter-ipv4", "enter-ipv6"]) {
    assert.deepEqual(rulesOf(chain, text).slice(1), [
      'iifname "em3" return',
      "ct mark set ct mark | 0x7f000000",
    ]);
  }
});

Deno.test("nothing is written outside the mask", () => {
  for (const mask of [0x7f000000, 0x00000ff0, 0xc0000000]) {
    const unit = (mask & -mask) >>> 0;
    const uplinks = [{ ...MARKS.uplinks[0], mark: unit }];
    const text = rulesetText({ uplinks, remembered: new Map([["em1", unit]]), unmarked: [] }, mask);
    const written = [...text.matchAll(/mark set \w+ mark ([&|]) (0x[0-9a-f]{8})/g)];
    assert.ok(written.length > 3);
    for (const [, operator, number] of written) {
      const changed = operator === "|" ? Number(number) : ~Number(number) >>> 0;
      assert.equal((changed & ~mask) >>> 0, 0, text);
    }
  }
});

Deno.test("the marks are read back from a listing, wherever nft breaks its lines", () => {
  const broken = TEXT.replace(/elements = \{ (.*) \}/, (_, list) => {
    return `elements = { ${list.split(", ").reverse().join(",\n\t\t\t     ")} }`;
  });
  assert.notEqual(broken, TEXT);
  assert.deepEqual(
    [...rememberedMarks(broken)].sort(),
    [["em1", 0x01000000], ["em2.7", 0x02000000], ["gone0", 0x05000000]],
  );
  assert.ok(saysTheSame(broken, TEXT));
  assert.deepEqual(differences(broken, TEXT), []);
});

Deno.test("a listing with another rule, mark or chain says something else", () => {
  for (
    const [from, to] of [
      ["iif 0 return\n", ""],
      ['"gone0" : 0x05000000', '"gone0" : 0x06000000'],
      ["goto mark-2 }", "goto mark-1 }"],
      ["priority -149", "priority -150"],
      ["\tchain clear-2 {", "\tchain clear-3 {"],
    ]
  ) {
    const other = TEXT.replace(from, to);
    assert.notEqual(other, TEXT, from);
    assert.ok(!saysTheSame(other, TEXT), from);
    assert.notEqual(differences(other, TEXT).length, 0, from);
  }
});

Deno.test("what was counted makes no difference", () => {
  const counted = TEXT.replace(
    "counter foreign-marks {\n",
    "counter foreign-marks {\n\t\tpackets 3 bytes 180\n",
  );
  assert.notEqual(counted, TEXT);
  assert.ok(saysTheSame(counted, TEXT));
});

Deno.test("differences name the chain that they are in", () => {
  const { uplinks, remembered } = MARKS;
  const next = rulesetText({ uplinks: uplinks.slice(0, 1), remembered, unmarked: [] }, MASK);
  const found = differences(TEXT, next);
  assert.ok(
    found.includes('- chain enter-ipv4: iifname vmap { "em1" : goto mark-1, "em2.7" : goto mark-2 }'),
    found.join("\n"),
  );
  assert.ok(found.includes('+ chain enter-ipv4: iifname vmap { "em1" : goto mark-1 }'), found.join("\n"));
});
