// What another program undoes is put right at once, unless it is undone again and again: then only now and then.

import assert from "node:assert/strict";
import { Log } from "../src/log.ts";
import type { RuleChange } from "../src/model/change.ts";
import { subjectOf } from "../src/model/subject.ts";
import { Truce } from "../src/truce.ts";

const rule = { family: 4, priority: 27200, table: 1002, action: 1, protocol: 115, from: "10.0.0.2" } as const;
const change: RuleChange = { op: "add-rule", rule };

class Ear extends Log {
  readonly told: string[] = [];

  constructor() {
    super("none", { journal: false });
  }

  override warn(text: string): void {
    this.told.push(text);
  }

  override info(text: string): void {
    this.told.push(text);
  }
}

const BEGIN =
  "another program keeps changing our rules (IPv4): it is put right only now and then until that ends";
const END = "nobody else changes our rules (IPv4) any more";

/** A program that undoes a repair `after` it, in milliseconds, and a daemon that wakes whenever it is due. */
class Fight {
  readonly ear = new Ear();
  readonly repairs: number[] = [];
  readonly #truce = new Truce(this.ear);
  now = 0;

  /** Undoes what has been repaired, and has it repaired; tells how long that took. */
  undo({ after }: { after: number }): number {
    const undone = this.now += after;
    this.#truce.resume(this.now);
    this.#truce.trouble(4, { what: new Set([rule.from]) });
    while (this.#truce.sift([change], this.now).length === 0) {
      this.#truce.endPass();
      do this.now += this.#truce.endsIn(this.now)!; while (this.#truce.resume(this.now).size === 0);
    }
    this.#truce.endPass();
    this.repairs.push(this.now);
    return this.now - undone;
  }

  /** Leaves it alone for so long. */
  rest(milliseconds: number): void {
    this.#truce.resume(this.now += milliseconds);
  }
}

Deno.test("what is undone now and then is repaired at once, each time", () => {
  for (const after of [500, 1000, 3000, 60_000]) {
    const fight = new Fight();
    for (let i = 0; i < 100; i++) assert.equal(fight.undo({ after }), 0);
    assert.deepEqual(fight.ear.told, []);
  }
});

Deno.test("a program that is restarted ten times, and undoes twice each time, is no fighter", () => {
  const fight = new Fight();
  for (let i = 0; i < 10; i++) {
    assert.equal(fight.undo({ after: 700 }), 0);
    assert.equal(fight.undo({ after: 50 }), 0);
  }
  assert.deepEqual(fight.ear.told, []);
});

Deno.test("a fight costs one repair after each rest, rests grow to ten seconds, and one line is said", () => {
  const fight = new Fight();
  const waits = Array.from({ length: 100 }, () => fight.undo({ after: 10 }));
  assert.deepEqual(waits.slice(0, 20), [...Array(10).fill(0), ...Array(10).fill(500)]);
  for (const [i, wait] of waits.entries()) assert.ok(i === 0 || wait >= waits[i - 1]);
  assert.equal(waits.at(-1), 10_000);
  assert.deepEqual(fight.ear.told, [BEGIN]);
});

Deno.test("after a fight of five seconds all is put right within half a second", () => {
  const fight = new Fight();
  while (fight.now < 5000) assert.ok(fight.undo({ after: 100 }) <= 510);
});

Deno.test("what has stood for a while is repaired at once, also after a fight, which is told of once", () => {
  const fight = new Fight();
  for (let i = 0; i < 13; i++) fight.undo({ after: 10 });
  for (let i = 0; i < 5; i++) assert.equal(fight.undo({ after: 3000 }), 0);
  for (let i = 0; i < 30; i++) fight.undo({ after: 10 });
  assert.deepEqual(fight.ear.told, [BEGIN]);
});

Deno.test("a hold that ends before anybody asks when is due at once", () => {
  const truce = new Truce(new Ear());
  for (let i = 0; i < 11; i++) {
    truce.trouble(4, { what: new Set([rule.from]) });
    truce.sift([change], 0);
    truce.endPass();
  }
  assert.equal(truce.endsIn(499), 1);
  assert.equal(truce.resume(499).size, 0);
  assert.equal(truce.endsIn(502), 1);
  assert.equal(truce.resume(503).size, 1);
});

Deno.test("what is held back is not repaired because another place has made it dirty", () => {
  const truce = new Truce(new Ear());
  const route = { op: "replace", family: 4, key: 7, metric: 0, path: 1 } as const;
  for (let i = 0; i < 11; i++) {
    truce.trouble(4, { table: 1002, what: new Set([7]) });
    truce.sift([{ ...route, table: 1002 }], 0);
    truce.endPass();
  }
  truce.trouble(4, { table: 1003, what: new Set([7]) });
  const changes = [{ ...route, table: 1002 }, { ...route, table: 1003 }, { ...route, key: 8, table: 1002 }];
  assert.deepEqual(truce.sift(changes, 10), changes.slice(1));
  truce.endPass();
  assert.deepEqual(truce.sift(changes, 20), changes.slice(1));
});

Deno.test("a rule that is added again and again is fought no harder than one that is taken away", () => {
  const truce = new Truce(new Ear());
  const added: RuleChange = { op: "delete-rule", rule: { ...rule, priority: 100 } };
  let removed = 0;
  for (let now = 0; now < 1000; now += 10) {
    truce.trouble(4, { what: new Set([rule.from]) });
    removed += truce.sift([added], now).length;
    truce.endPass();
  }
  assert.ok(removed <= 12, `${removed} times`);
});

Deno.test("the end of a fight is told of, and then all is as at first", () => {
  const fight = new Fight();
  for (let i = 0; i < 13; i++) fight.undo({ after: 10 });
  fight.rest(9999);
  assert.deepEqual(fight.ear.told, [BEGIN]);
  fight.rest(1);
  assert.deepEqual(fight.ear.told, [BEGIN, END]);
  for (let i = 0; i < 10; i++) assert.equal(fight.undo({ after: 10 }), 0);
  assert.equal(fight.undo({ after: 10 }), 500);
});

Deno.test("a rule of a mark is fought for as one of an address is, each by itself", () => {
  const { from: _, ...all } = rule, mark = { ...all, fwmark: 0x1000000, fwmask: 0x7f000000 };
  const changes: RuleChange[] = [{ op: "add-rule", rule: mark }, {
    op: "add-rule",
    rule: { ...mark, fwmark: 0x2000000 },
  }];
  const truce = new Truce(new Ear());
  for (let i = 0; i < 11; i++) {
    truce.trouble(4, { what: new Set([subjectOf(mark)]) });
    truce.sift(changes.slice(0, 1), 0);
    truce.endPass();
  }
  assert.deepEqual(truce.sift(changes, 10), changes.slice(1));
});
