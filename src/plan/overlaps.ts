/** Rules of other programs that look at marks of ours, and what was ours under other options. */

import { FAMILIES } from "../model/address.ts";
import { markText, maskError } from "../model/marks.ts";
import type { Rule } from "../model/records.ts";
import { ruleText } from "../model/text.ts";
import type { Note } from "./note.ts";
import type { Observed } from "./observed.ts";
import type { Options } from "./options.ts";
import { isMarkForm, isOurs, isSourceForm, LOWEST_PROTOCOL } from "./ownership.ts";

const ALL_BITS = 0xffffffff;

/** Other programs' rules whose mask has bits of ours: what we write there they would take for theirs. */
export function markOverlaps(observed: Observed, options: Options): readonly Rule[] {
  return othersIn(observed, options).filter((rule) => overlaps(rule, options.markMask));
}

function overlaps({ fwmark = 0, fwmask }: Rule, mask: number): boolean {
  const looked = fwmask ?? (fwmark === 0 ? 0 : ALL_BITS);
  // One that wants a whole mark wants none of ours, unless some of its bits are.
  return ((looked === ALL_BITS ? fwmark : looked) & mask) !== 0;
}

/** The same in words, for a host where it has come to that. */
export function overlapNotes(observed: Observed, options: Options): Note[] {
  return markOverlaps(observed, options).map((rule) => ({
    kind: "warning",
    text: `${nameOf(rule)} looks at bits of marks that are ours: ${markText(options.markMask)} ` +
      "(--mark-mask chooses others)",
  }));
}

/** What is left of another --mark-mask or --protocol, as far as it can be told: nobody takes it away but with that option. */
export function leftoverNotes(observed: Observed, options: Options): Note[] {
  const byOption = Map.groupBy(othersIn(observed, options), (rule) => optionOf(rule, { observed, options }));
  return [...byOption].flatMap(([option, rules]): Note[] => {
    if (!option) return [];
    const what = rules.length === 1
      ? `${nameOf(rules[0])} is`
      : `${rules.length} rules, as '${textOf(rules[0])}', are`;
    return [{ kind: "warning", text: `${what} left of ${option} (--flush ${option} removes that)` }];
  });
}

/** The option under which a rule would be ours; undefined where there is none. */
function optionOf(
  rule: Rule,
  { observed, options }: { observed: Observed; options: Options },
): string | undefined {
  const { protocol, fwmask = 0, table } = rule;
  if (protocol === options.protocol) {
    const isLeft = maskError(fwmask) === undefined && isMarkForm(rule, fwmask);
    return isLeft ? `--mark-mask ${markText(fwmask)}` : undefined;
  }
  const ifindex = table - options.tableBase;
  const isLeft = protocol >= LOWEST_PROTOCOL && observed.links.has(ifindex) &&
    (isMarkForm(rule, options.markMask) ||
      (isSourceForm(rule) &&
        observed.addresses.some((one) => one.ip === rule.from && one.ifindex === ifindex)));
  return isLeft ? `--protocol ${protocol}` : undefined;
}

function othersIn({ families, addresses }: Observed, options: Options): Rule[] {
  return FAMILIES.flatMap((family) =>
    families[family].rules.filter((rule) => !isOurs(rule, { options, addresses }))
  );
}

/** A rule of another program's in a sentence. */
export function nameOf(rule: Rule): string {
  return `the rule '${textOf(rule)}' (IPv${rule.family})`;
}

function textOf(rule: Rule): string {
  return `${rule.priority}: ${ruleText(rule)}`;
}
