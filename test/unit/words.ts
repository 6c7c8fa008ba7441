// What words and files can look like, for our own reading of them and for systemd's.

import type { Random } from "../model/random.ts";

/** Arguments that are hard to quote. */
export const hardWords = [
  ["--set-route-metric", "mtu=lock 1400", "--exclude", "wg*", "--interface", "em[0-9]?"],
  ["", " ", "'", '"', "\\", "\\\\", "$", "$$", "${HOME}", "$HOME", "%", "%n", "%%", "`id`"],
  [
    "a'b",
    'a"b',
    "a\\b",
    "a\\'b",
    'a\\"b',
    "\\n",
    "\\x41",
    "'a b'",
    '"a b"',
    "a\tb",
    "a\nb",
    "\n",
    "#",
    "; true",
  ],
  ["-", "--", "é", "名", "=", "x=y z", "!", "~", "{a,b}", "@", "|", ">", "&", " a", "a ", "\\ "],
];

const characters = [
  "a",
  "B",
  "1",
  " ",
  "\t",
  "\n",
  "'",
  '"',
  "\\",
  "$",
  "%",
  "`",
  "#",
  ";",
  "=",
  "*",
  "é",
  "-",
];

export function randomText(random: Random, longest: number): string {
  return Array.from({ length: random.int(longest) }, () => random.pick(characters)).join("");
}

export function randomWords(random: Random): string[] {
  return Array.from({ length: 1 + random.int(6) }, () => randomText(random, 8));
}
