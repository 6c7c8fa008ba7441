// Rules of other programs beside those of marks, and what is left of other options.

import assert from "node:assert/strict";
import { ruleText } from "../../src/model/text.ts";
import { DEFAULTS } from "../../src/plan/options.ts";
import { markOverlaps } from "../../src/plan/overlaps.ts";
import { settle, troubles, type Wish } from "../model/decide.ts";
import { readWorld, type WorldText } from "../model/world.ts";

const wish: Wish = { connmark: true };
const host: WorldText = {
  links: "2: em1 up",
  addresses: "10.0.0.2/16 dev em1",
  routes: "default via 10.0.0.1 dev em1",
};

/** Each rule, and whether it looks at bits of ours. */
const rules: [rule: string, overlaps: boolean][] = [
  ["5210: from all fwmark 0x80000/0xff0000 lookup main", false],
  ["100: from all fwmark 0xca6c lookup 51820", false],
  ["105: from all fwmark 0x1bd00 lookup 7120", false],
  ["9: from all fwmark 0x200/0xf00 lookup 2004", false],
  ["99: from all fwmark 0x80/0x80 lookup 7", false],
  ["30000: from all lookup 52", false],
  ["30000: from 10.9.0.0/16 lookup 52", false],
  ["99: from all fwmark 0x1000000/0xffff0000 lookup 7", true],
  ["99: from all fwmark 0x80000000/0xff000000 lookup 7", true],
  ["99: from all fwmark 0/0x40000000 lookup 7", true],
  ["99: from all fwmark 0/0x80000000 lookup 7", false],
  ["99: from all fwmark 0x6d6f6c65 lookup 7", true],
  ["99: from all fwmark 0x1000000/0xff000000 goto 200", true],
  ["27000: from all fwmark 0x1000000/0x7f000000 lookup 1002", true],
  // What is ours is no overlap.
  ["27000: from all fwmark 0x1000000/0x7f000000 lookup 1002 proto 115", false],
];
for (const [rule, overlaps] of rules) {
  Deno.test(`${overlaps ? "looks at" : "does not look at"} our marks: ${rule}`, () => {
    for (const family of [4, 6] as const) {
      const observed = readWorld({ ...host, [family === 4 ? "rules" : "rules6"]: rule });
      const found = markOverlaps(observed, { ...DEFAULTS, connmark: true });
      assert.deepEqual(found.map(ruleText), overlaps ? [rule.replace(/^\d+: /, "")] : []);
      const notes = troubles(settle(observed, wish)).filter((text) => text.includes("bits of marks"));
      assert.deepEqual(
        notes,
        overlaps
          ? [
            `warning: the rule '${rule}' (IPv${family}) looks at bits of marks that are ours: 0x7f000000 ` +
            "(--mark-mask chooses others)",
          ]
          : [],
      );
      assert.ok(!troubles(settle(observed)).some((text) => text.includes("bits of marks")));
    }
  });
}

const front = (rule: string) => `warning: the rule '${rule}' (IPv4) stands in front of ours`;
const behind = (rule: string) => `warning: the rule '${rule}' (IPv4) stands behind ours`;
const neighbours: [rule: string, notes: (rule: string) => string[]][] = [
  ["99: from all lookup 52", (rule) => [
    `${front(rule)} and may take their packets (--mark-priority 97 --priority 98 comes before it)`,
  ]],
  ["99: from 172.17.0.0/16 lookup 52", (rule) => [
    `${front(rule)} and may take their packets (--mark-priority 98 comes before it)`,
  ]],
  ["99: from all iif docker0 lookup 52", (rule) => [
    `${front(rule)} and may take their packets (--mark-priority 98 comes before it)`,
  ]],
  ["1: from all lookup 52", (rule) => [`${front(rule)} and may take their packets`]],
  ["99: from all to 10.9.0.0/16 lookup 52", () => []],
  ["99: from all fwmark 0x80000/0xff0000 lookup 52", () => []],
  ["27100: from all lookup 52", (rule) => [
    `${front(rule)} of addresses and may take their packets (--priority 27099 comes before it)`,
    `${behind(rule)} of marks and does not see their packets (--mark-priority 27101 yields to it)`,
  ]],
  ["27199: from all lookup 52", (rule) => [
    `${front(rule)} of addresses and may take their packets (--priority 27198 comes before it)`,
    `${
      behind(rule)
    } of marks and does not see their packets (--mark-priority 27200 --priority 27201 yields to it)`,
  ]],
  ["30000: from all lookup 52", (rule) => [
    `${behind(rule)} and does not see their packets (--mark-priority 30001 --priority 30002 yields to it)`,
  ]],
  ["30000: from 172.17.0.0/16 lookup 52", (rule) => [
    `${behind(rule)} and does not see their packets (--mark-priority 30001 --priority 30002 yields to it)`,
  ]],
  ["32700: from all lookup 52", (rule) => [`${behind(rule)} and does not see their packets`]],
];
for (const [rule, notes] of neighbours) {
  Deno.test(`beside ours: ${rule}`, () => {
    assert.deepEqual(troubles(settle(readWorld({ ...host, rules: rule }), wish)), notes(rule));
  });
}

const left: [what: string, rules: string, note: string | undefined][] = [
  [
    "another mask",
    "27000: from all fwmark 0x100/0xff00 lookup 1002 proto 115\n27000: from all fwmark 0xff00/0xff00 goto 27300 proto 115",
    "2 rules, as '27000: from all fwmark 0x100/0xff00 lookup 1002', are left of --mark-mask 0x0000ff00 " +
    "(--flush --mark-mask 0x0000ff00 removes that)",
  ],
  [
    "another protocol",
    "27200: from 10.0.0.2 lookup 1002 proto 200",
    "the rule '27200: from 10.0.0.2 lookup 1002' (IPv4) is left of --protocol 200 " +
    "(--flush --protocol 200 removes that)",
  ],
  [
    "another protocol's marks",
    "27000: from all fwmark 0x1000000/0x7f000000 lookup 1002 proto 200",
    "the rule '27000: from all fwmark 0x1000000/0x7f000000 lookup 1002' (IPv4) is left of --protocol 200 " +
    "(--flush --protocol 200 removes that)",
  ],
  ["another program", "27200: from 10.0.0.2 lookup 1002 proto static", undefined],
  ["another program, to another table", "27200: from 10.0.0.2 lookup 1003 proto 200", undefined],
  [
    "another program, of another form",
    "27200: from 10.0.0.2 to 10.9.0.0/16 lookup 1002 proto 200",
    undefined,
  ],
];
for (const [what, rules, note] of left) {
  Deno.test(`left of ${what}`, () => {
    const notes = troubles(settle(readWorld({ ...host, rules }))).filter((text) =>
      text.includes(" left of ")
    );
    assert.deepEqual(notes, note ? [`warning: ${note}`] : []);
  });
}

Deno.test("the old mask flushes what is left of it", () => {
  const rules = left[0][1];
  const { commands } = settle(readWorld({ ...host, rules }), { flush: true, markMask: 0xff00 });
  assert.deepEqual(commands, [
    "ip rule del from all fwmark 0x100/0xff00 lookup 1002 priority 27000 protocol 115",
    "ip rule del from all fwmark 0xff00/0xff00 goto 27300 priority 27000 protocol 115",
  ]);
});
