// A test that has been given another name would no longer run under another kernel, and nobody would hear of it.

import assert from "node:assert/strict";
import { CHOSEN, fileOf } from "./chosen.ts";

for (const [name, words] of Object.entries(CHOSEN)) {
  Deno.test(`the tests of ${name} that run under another kernel are there`, async () => {
    const text = await Deno.readTextFile(new URL(`../../${fileOf(name)}`, import.meta.url));
    for (const each of words) assert.ok(text.includes(each), each);
  });
}
