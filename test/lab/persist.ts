// A program that dies again and again, and is started again each time.

import assert from "node:assert/strict";
import { faulty } from "./faults.ts";
import { assertSame } from "./observe.ts";
import { symrouted } from "./symrouted.ts";
import type { Trio } from "./trio.ts";
import { assertRight, distance, type View, view } from "./view.ts";

export interface Persistence {
  args: string[];
  final: View;
  dieAfter: (start: number) => number;
}

/** Starts it until it is not killed any more; no start may be in vain. */
export async function persist(
  { killed, nothing }: Trio,
  { args, final, dieAfter }: Persistence,
): Promise<void> {
  const main = await nothing;
  let before = await view(killed);
  for (let start = 1, code = 137; code !== 0; start++) {
    const env = await faulty({ killAfterWrite: dieAfter(start) });
    const result = await symrouted(killed.host, args, { env });
    const now = await view(killed), about = `start ${start}: ${result.stderr}${result.stdout}`;
    code = result.code;
    assert.ok(code === 0 || code === 137, about);
    if (code !== 0) assert.ok(distance(now, before) > 0, `nothing was changed by ${about}`);
    assert.ok(start < 200, "it never gets to the end");
    assertSame(now.others, main.others);
    assertRight(now, [before, main, final]);
    before = now;
  }
  assertSame(before.state, final.state);
}
