// Patterns of interface names.

import assert from "node:assert/strict";
import { globError, matchesGlob } from "../../src/model/glob.ts";

const fits: [glob: string, name: string][] = [
  ["em1", "em1"],
  ["*", "anything"],
  ["*", ""],
  ["em*", "em"],
  ["em?", "em1"],
  ["*.100", "em1.100"],
  ["[ew]*", "wlan0"],
  ["em[0-9]", "em7"],
  ["em[!0-9]", "emx"],
  ["a+b", "a+b"],
  ["wg-*", "wg-home"],
  ["veth@if*", "veth@if3"],
  ["a[.]b", "a.b"],
  ["a[]", "a[]"],
  ["x{1,2}", "x{1,2}"],
  ["a\\b", "a\\b"],
  ["été*", "été0"],
  ["?", "é"],
];
for (const [glob, name] of fits) {
  Deno.test(`${glob} fits '${name}'`, () => {
    assert.equal(globError(glob), undefined);
    assert.ok(matchesGlob(name, glob));
  });
}

const misses: [glob: string, name: string][] = [
  ["em1", "em10"],
  ["em1", "xem1"],
  ["em?", "em"],
  ["em?", "em10"],
  ["em.100", "emx100"],
  ["em[!0-9]", "em1"],
  ["em[0-9]", "em"],
  ["EM*", "em1"],
  ["a+", "aa"],
  ["(a|b)", "a"],
];
for (const [glob, name] of misses) {
  Deno.test(`${glob} does not fit '${name}'`, () => {
    assert.equal(globError(glob), undefined);
    assert.ok(!matchesGlob(name, glob));
  });
}

Deno.test("what is no pattern is said", () => {
  assert.equal(globError(""), "an interface pattern cannot be empty");
  assert.equal(globError("em[9-0]"), "em[9-0] is no pattern of interface names");
});
