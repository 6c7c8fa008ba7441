// Words as systemd reads them; test/systemd/install_test.ts shows that it reads the same.

import assert from "node:assert/strict";
import { optionsIn, optionsText } from "../../src/unit/options_file.ts";
import { standing } from "../../src/unit/seal.ts";
import { assignments, splitWords, valueError } from "../../src/unit/words.ts";
import { Random, runSeed } from "../model/random.ts";
import { hardWords, randomWords } from "./words.ts";

Deno.test("arguments come back as they were from the file that keeps them", async () => {
  const seed = runSeed(), random = new Random(seed);
  const random_ = Array.from({ length: 2000 }, () => randomWords(random));
  for (const words of [[], ...hardWords, ...random_]) {
    assert.deepEqual(optionsIn(await optionsText(words)), words, `SEED=${seed}`);
  }
});

Deno.test("words as systemd splits them", () => {
  for (
    const [text, words] of [
      ["", []],
      [" a  b\tc\n", ["a", "b", "c"]],
      ["a'b c'd", ["ab cd"]],
      [`'' "" x`, ["", "", "x"]],
      ["\\a \\' \\\\ '\\'' \"\\\"\"", ["a", "'", "\\", "'", '"']],
      ["'open end", ["open end"]],
      ["end\\", ["end"]],
    ] as [string, string[]][]
  ) assert.deepEqual(splitWords(text), words, text);
});

Deno.test("an environment file as systemd reads it", () => {
  for (
    const [text, value] of [
      ["X=a b  \n", "a b"],
      ["X=a\\  \n", "a "],
      ["  X = 'a  \n", "a  \n"],
      ["X='a'\"b\" c\n", "abc"],
      ["X=a'b'\n", "a'b'"],
      ['X="a\\"b\\$c\\d\\\\"', 'a"b$c\\d\\'],
      ["X=a\\\nb", "ab"],
      ['X="a\\\nb"', "ab"],
      ["#X=1\n;X=2\n# X=3\\\nX=4\nX=5", "5"],
      ["X=1\nX=2\nY=3", "2"],
      ["X", undefined],
      ["export X=1", undefined],
      ["X=1\rX=2", "2"],
    ] as [string, string | undefined][]
  ) assert.equal(assignments(text).get("X"), value, text);
});

Deno.test("what no variable of systemd's can hold is named", () => {
  assert.equal(valueError("a\tb\nc é"), undefined);
  assert.equal(valueError("a\rb"), "it has the control character 0x0d");
  assert.equal(valueError("a\x7fb"), "it has the control character 0x7f");
});

Deno.test("an edit is noticed, and so is a file of somebody else's", async () => {
  const text = await optionsText(["--exclude", "wg*"]);
  assert.equal(await standing(text), "ours");
  // Packages bring such a file too.
  assert.doesNotMatch(text, /written by/i);
  assert.equal(await standing(text.replace("wg", "tun")), "edited");
  assert.equal(await standing(text + "\n"), "edited");
  assert.equal(await standing(text.split("\n").slice(1).join("\n")), "foreign");
  assert.equal(await standing(""), "foreign");
});
