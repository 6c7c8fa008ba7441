/** What has to wait because something that comes before it was refused. */

import { type Family, parsePrefix } from "./model/address.ts";
import { type Placed, Prefixes } from "./model/prefixes.ts";
import type { Change, RuleChange } from "./model/change.ts";

export class Waiting {
  readonly #then: Readonly<Record<Family, Prefixes<RuleChange>>>;
  readonly #tables = new Set<string>();
  readonly #rules = new Set<Change>();

  /** `then`: what is to go when all that is new is there. */
  constructor(then: readonly Change[]) {
    this.#then = { 4: oldRules(4, then), 6: oldRules(6, then) };
  }

  /** Is told of a change that was refused, and that nothing stands in for. */
  add(change: Change): void {
    if (!("rule" in change) || change.op !== "add-rule") {
      this.#tables.add(tableOf(change));
      return;
    }
    // The old rules of its sources stay, and so does what they lead to.
    const { family, from } = change.rule;
    for (const { value } of this.#then[family].meeting(parsePrefix(from!)!)) {
      this.#rules.add(value);
      this.#tables.add(tableOf(value));
    }
  }

  /** Whether a change has to wait. */
  has(change: Change): boolean {
    return this.#tables.has(tableOf(change)) || this.#rules.has(change);
  }
}

function oldRules(family: Family, changes: readonly Change[]): Prefixes<RuleChange> {
  return new Prefixes(changes.flatMap((change): Placed<RuleChange>[] => {
    if (!("rule" in change) || change.op !== "delete-rule" || change.rule.family !== family) return [];
    return [{ prefix: parsePrefix(change.rule.from!)!, value: change }];
  }));
}

function tableOf(change: Change): string {
  const { family, table } = "rule" in change ? change.rule : change;
  return `${family} ${table}`;
}
