/** Other programs' rules beside ours: those in front that may take our traffic, and those behind that lose theirs to us. */

import { covers, parsePrefix } from "../model/address.ts";
import { ACTION_LOOKUP, type Rule, TABLE } from "../model/records.ts";
import { ruleText } from "../model/text.ts";
import type { Note } from "./note.ts";

/** `foreign` and `desired` are of one family; `desired` are the rules that we want, all of one priority. */
export function neighbourNotes(foreign: readonly Rule[], desired: readonly Rule[]): Note[] {
  const [first] = desired;
  if (!first) return [];
  return foreign.filter((rule) => rule.action === ACTION_LOOKUP && !rule.l3mdev).flatMap((rule): Note[] => {
    const name = `the rule '${rule.priority}: ${ruleText(rule)}' (IPv${rule.family})`;
    if (rule.priority < first.priority && rule.table !== TABLE.local && takesTraffic(rule, desired)) {
      return [{
        kind: "warning",
        text: `${name} stands in front of ours and takes what its table has a route for ` +
          `(--priority ${Math.max(1, rule.priority - 1)} comes before it)`,
      }];
    }
    if (
      rule.priority > first.priority && ![TABLE.main, TABLE.default].some((table) => table === rule.table)
    ) {
      if (rule.from !== undefined || rule.iif !== undefined) return [];
      const text = `${name} stands behind ours: replies from our addresses do not come to it`;
      return [{ kind: "warning", text: `${text} (--priority ${rule.priority + 1} yields to it)` }];
    }
    return [];
  });
}

/** Whether ordinary packets of one of our sources match. */
function takesTraffic(rule: Rule, desired: readonly Rule[]): boolean {
  const narrowed = [rule.to, rule.oif, rule.fwmark, rule.tos, rule.more].some((selector) =>
    selector !== undefined
  );
  if (narrowed || (rule.iif !== undefined && rule.iif !== "lo")) return false;
  const from = rule.from === undefined ? undefined : parsePrefix(rule.from);
  return desired.some((ours) => !from || covers(from, parsePrefix(ours.from!)!));
}
