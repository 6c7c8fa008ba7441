/** Other programs' rules beside ours: those in front that may take our traffic, and those behind that lose theirs to us. */

import { parsePrefix } from "../model/address.ts";
import { Prefixes } from "../model/prefixes.ts";
import { ACTION_NOP, type Rule, TABLE } from "../model/records.ts";
import { ruleText } from "../model/text.ts";
import type { Note } from "./note.ts";
import { HIGHEST_PRIORITY, LAST_PRIORITY } from "./ownership.ts";

/** `foreign` and `desired` are of one family; `desired` are the rules that we want, `steered` the sources they are for. */
export function neighbourNotes(
  foreign: readonly Rule[],
  { desired, steered }: { desired: readonly Rule[]; steered: Iterable<string> },
): Note[] {
  const concerning = foreign.filter(concernsUs);
  if (desired.length === 0 || concerning.length === 0) return [];
  const sources = new Prefixes(Array.from(steered, (value) => ({ prefix: parsePrefix(value)!, value })));
  const last = Math.max(...desired.map(({ priority }) => priority));
  return concerning.flatMap((rule): Note[] => {
    if (!meets(rule, { desired, sources })) return [];
    const name = `the rule '${rule.priority}: ${ruleText(rule)}' (IPv${rule.family})`;
    // One of our own priority was there first.
    const text = rule.priority <= last
      ? `${name} stands in front of ours and may take their packets${
        advice(rule.priority - 1, "comes before it")
      }`
      : `${name} stands behind ours and does not see their packets${
        advice(rule.priority + 1, "yields to it")
      }`;
    return [{ kind: "warning", text }];
  });
}

function advice(priority: number, effect: string): string {
  return priority >= 1 && priority <= HIGHEST_PRIORITY ? ` (--priority ${priority} ${effect})` : "";
}

/** Whether a rule is more than the kernel's own three, and does something. */
function concernsUs({ action, table, from, priority, l3mdev }: Rule): boolean {
  if (action === ACTION_NOP || l3mdev || table === TABLE.local) return false;
  return from !== undefined || priority <= LAST_PRIORITY;
}

/** Whether ordinary packets of one of our sources match. */
function meets(
  rule: Rule,
  { desired, sources }: { desired: readonly Rule[]; sources: Prefixes<unknown> },
): boolean {
  const narrowed = [rule.to, rule.oif, rule.tos].some((selector) => selector !== undefined);
  if (narrowed || (rule.iif !== undefined && rule.iif !== "lo")) return false;
  // What a mark selects may be anything; what `not` does with it, everything. In front, an ordinary packet has no mark.
  if (rule.fwmark !== undefined && !rule.more && rule.priority <= desired[0].priority) return false;
  return rule.from === undefined || sources.within(parsePrefix(rule.from)!).length > 0;
}
