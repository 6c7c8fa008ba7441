/** Other programs' rules beside ours: those in front that may take our traffic, and those behind that lose theirs to us. */

import { parsePrefix } from "../model/address.ts";
import { partition } from "../model/lists.ts";
import { Prefixes } from "../model/prefixes.ts";
import { ACTION_LOOKUP, ACTION_NOP, type Rule, TABLE } from "../model/records.ts";
import type { Note } from "./note.ts";
import { nameOf } from "./overlaps.ts";
import { HIGHEST_PRIORITY, HIGHEST_WITH_ROOM, LAST_PRIORITY } from "./ownership.ts";

/** Rules of ours of one kind. */
interface Group {
  readonly first: number;
  readonly last: number;
  readonly meets: (rule: Rule) => boolean;
}

/** `foreign` and `desired` are of one family; `desired` are the rules that we want, `steered` the sources they are for. */
export function neighbourNotes(
  foreign: readonly Rule[],
  { desired, steered }: { desired: readonly Rule[]; steered: Iterable<string> },
): Note[] {
  const concerning = foreign.filter(concernsUs);
  if (desired.length === 0 || concerning.length === 0) return [];
  const lookups = desired.filter(({ action }) => action === ACTION_LOOKUP);
  const [ofMarks, ofSources] = partition(lookups, ({ from }) => from === undefined);
  const prefixes = new Prefixes(Array.from(steered, (value) => ({ prefix: parsePrefix(value)!, value })));
  const sources = groupOf(
    ofSources,
    (rule) => meetsSources(rule, { first: ofSources[0].priority, prefixes }),
  );
  const marks = groupOf(ofMarks, meetsMarks);
  return concerning.flatMap((rule) => notesOn(rule, { sources, marks }));
}

function groupOf(rules: readonly Rule[], meets: Group["meets"]): Group | undefined {
  if (rules.length === 0) return undefined;
  return { first: rules[0].priority, last: Math.max(...rules.map(({ priority }) => priority)), meets };
}

function notesOn(rule: Rule, { sources, marks }: { sources?: Group; marks?: Group }): Note[] {
  const met = [sources, marks].filter((group) => group?.meets(rule));
  // One of our own priority was there first.
  const [behind, front] = partition(met, (group) => rule.priority > group!.last);
  const name = nameOf(rule);
  const ours = (groups: typeof met) =>
    met.length === groups.length ? "ours" : groups[0] === marks ? "ours of marks" : "ours of addresses";
  const texts: string[] = [];
  if (front.length > 0) {
    const wanted = front.includes(sources) ? { priority: rule.priority - 1 } : { mark: rule.priority - 1 };
    const advised = advice(wanted, { marks, effect: "comes before it" });
    texts.push(`${name} stands in front of ${ours(front)} and may take their packets${advised}`);
  }
  if (behind.length > 0) {
    const wanted = behind.includes(marks) ? { mark: rule.priority + 1 } : { priority: rule.priority + 1 };
    const advised = advice(wanted, { sources, marks, effect: "yields to it" });
    texts.push(`${name} stands behind ${ours(behind)} and does not see their packets${advised}`);
  }
  return texts.map((text) => ({ kind: "warning", text }));
}

/** The options that move rules of ours: those of marks stand in front of those of addresses. */
function advice(
  { priority, mark }: { priority?: number; mark?: number },
  { sources, marks, effect }: { sources?: Group; marks?: Group; effect: string },
): string {
  if (marks && priority !== undefined && marks.last >= priority) mark = priority - 1;
  if (sources && mark !== undefined && sources.first <= mark) priority = mark + 1;
  const highest = marks ? HIGHEST_WITH_ROOM : HIGHEST_PRIORITY;
  const options = [{ name: "--mark-priority", number: mark }, { name: "--priority", number: priority }]
    .filter(({ number }) => number !== undefined);
  const isPossible = options.every(({ number }) => number! >= 1 && number! <= highest);
  return isPossible ? ` (${options.map(({ name, number }) => `${name} ${number}`).join(" ")} ${effect})` : "";
}

/** Whether a rule is more than the kernel's own three, and does something. */
function concernsUs({ action, table, from, priority, l3mdev }: Rule): boolean {
  if (action === ACTION_NOP || l3mdev || table === TABLE.local) return false;
  return from !== undefined || priority <= LAST_PRIORITY;
}

/** Whether ordinary packets of one of our sources match. */
function meetsSources(
  rule: Rule,
  { first, prefixes }: { first: number; prefixes: Prefixes<unknown> },
): boolean {
  if (isNarrow(rule) || (rule.iif !== undefined && rule.iif !== "lo")) return false;
  // What a mark selects may be anything; what `not` does with it, everything. In front, an ordinary packet has no mark.
  if (rule.fwmark !== undefined && !rule.more && rule.priority <= first) return false;
  return rule.from === undefined || prefixes.within(parsePrefix(rule.from)!).length > 0;
}

/** Whether packets with one of our marks match, which may be anybody's, and have no other mark. */
function meetsMarks(rule: Rule): boolean {
  return !isNarrow(rule) && (rule.more === true || rule.fwmark === undefined);
}

function isNarrow({ to, oif, tos }: Rule): boolean {
  return [to, oif, tos].some((selector) => selector !== undefined);
}
