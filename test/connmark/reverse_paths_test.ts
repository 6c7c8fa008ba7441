// Which reverse path filters are loosened, and what is noted of them.

import assert from "node:assert/strict";
import { loosen, type Noted, notesText, parseNotes } from "../../src/connmark/reverse_paths.ts";

const em1 = { ifindex: 2, name: "em1" };
const noted = (value: number): Noted => ({ ...em1, value });

/** What happens to em1: noted before, set to, noted after. */
function fate(
  { own, all, wanted = true, note }: { own: number; all: number; wanted?: boolean; note?: number },
): (number | undefined)[] {
  const { before, settings, after } = loosen([{ ...em1, own, all }], {
    wanted: new Set(wanted ? [2] : []),
    notes: note === undefined ? [] : [noted(note)],
  });
  return [before, settings, after].map(([one]) => one?.value);
}

const cases: [string, Parameters<typeof fate>[0], (number | undefined)[]][] = [
  ["off: nothing to do", { own: 0, all: 0 }, [undefined, undefined, undefined]],
  ["loose: nothing to do", { own: 2, all: 0 }, [undefined, undefined, undefined]],
  ["loose by all: nothing to do", { own: 1, all: 2 }, [undefined, undefined, undefined]],
  ["strict by itself", { own: 1, all: 0 }, [1, 2, 1]],
  ["strict by all alone", { own: 0, all: 1 }, [0, 2, 0]],
  ["loosened before", { own: 2, all: 1, note: 0 }, [0, undefined, 0]],
  ["made strict again by somebody: that is what he wants back", { own: 1, all: 1, note: 0 }, [1, 2, 1]],
  ["switched off by somebody: his from now on", { own: 0, all: 0, note: 1 }, [
    undefined,
    undefined,
    undefined,
  ]],
  ["no uplink any more", { own: 2, all: 1, wanted: false, note: 1 }, [1, 1, undefined]],
  ["no uplink any more, and set by somebody", { own: 0, all: 0, wanted: false, note: 1 }, [
    undefined,
    undefined,
    undefined,
  ]],
  ["never an uplink", { own: 1, all: 1, wanted: false }, [undefined, undefined, undefined]],
];
for (const [name, given, expected] of cases) {
  Deno.test(`reverse path filter: ${name}`, () => assert.deepEqual(fate(given), expected));
}

Deno.test("the note of an interface that has gone goes", () => {
  const { before, settings, after } = loosen([], { wanted: new Set(), notes: [noted(1)] });
  assert.deepEqual([before, settings, after], [[], [], []]);
});

Deno.test("notes are read as they are written", () => {
  const notes = [noted(1), { ifindex: 30, name: "em2.100", value: 0 }];
  assert.equal(notesText(notes), "2: em1 1\n30: em2.100 0\n");
  assert.deepEqual(parseNotes(notesText(notes)), notes);
  assert.deepEqual(parseNotes(""), []);
});

Deno.test("what is no note is not taken for one", () => {
  for (const text of ["2: em1 2\n", "em1 1\n", "2: em1 1 1\n", "x: em1 1\n"]) {
    assert.throws(() => parseNotes(text), SyntaxError, text);
  }
});
