// What a machine has of ours, and where it sends its packets: to compare a host in the middle of a change with its like.

import assert from "node:assert/strict";
import { ask } from "./answers.ts";
import type { Machine } from "./machine.ts";
import { destinations } from "./mixed_host.ts";
import { difference, lines } from "./observe.ts";

export interface View {
  readonly state: string;
  /** Our rules, and the routes of our tables. */
  readonly ours: readonly string[];
  /** All else. */
  readonly others: string;
  /** Which way the kernel sends what, as `from … to …`. */
  readonly ways: ReadonlyMap<string, string>;
}

export async function view(machine: Machine): Promise<View> {
  const state = await machine.state(), all = lines(state);
  const isOurs = Object.groupBy(all, (line) => isOfUs(line) ? "ours" : "others");
  const sources = [...state.matchAll(/^\s+inet6? ([^/ ]+)\/.* scope global/gm)].map(([, ip]) => ip);
  const asked = sources.flatMap((from) =>
    destinations.filter((to) => to.includes(":") === from.includes(":")).map((to) => ({ from, to }))
  );
  const answers = await ask(machine.host, asked);
  return {
    state,
    ours: isOurs.ours ?? [],
    others: (isOurs.others ?? []).join("\n"),
    ways: new Map(asked.map(({ from, to }, i) => [`from ${from} to ${to}`, answers[i]])),
  };
}

/** A rule of ours; a route in a table of ours. em4's table is another program's. */
function isOfUs(line: string): boolean {
  return / lookup 10\d\d proto 115$/.test(line) || / table 10(?!05)\d\d\b/.test(line);
}

/** How many of our rules and routes only one of the two has. */
export function distance(a: View, b: View): number {
  return difference(a.ours.join("\n"), b.ours.join("\n")).length;
}

/** About how many changes lead from the one to the other: what is replaced is one. */
export function changesBetween(a: View, b: View): number {
  const found = difference(a.ours.join("\n"), b.ours.join("\n"));
  const gone = found.filter((line) => line.startsWith("-")).length;
  return Math.max(gone, found.length - gone);
}

/** Where a kill has hit: before anything was changed, after everything was, or between. */
export type Hit = "first" | "middle" | "last";

/** From where to where what was killed would have gone. */
export interface Interrupted {
  readonly before: View;
  readonly final: View;
}

export function hitOf(now: View, { before, final }: Interrupted): Hit {
  const isAs = (one: View) => one.ours.length === now.ours.length && distance(one, now) === 0;
  return isAs(final) ? "last" : isAs(before) ? "first" : "middle";
}

/** Asserts that each packet goes a way that one of `right` sends it. */
export function assertRight(now: View, right: readonly View[]): void {
  for (const [flow, way] of now.ways) {
    const known = right.map(({ ways }) => ways.get(flow) ?? "(no such address)");
    assert.ok(known.includes(way), `${flow} goes\n${way}\nand nobody says so:\n${known.join("\n")}`);
  }
}
