/** What has to wait because something that comes before it was refused. */

import type { Family } from "./model/address.ts";
import type { Change, RuleChange } from "./model/change.ts";
import { Subjects } from "./model/subject.ts";

export class Waiting {
  readonly #then: Readonly<Record<Family, Subjects<RuleChange>>>;
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
    // The old rules about the same stay, and so does what they lead to.
    for (const old of this.#then[change.rule.family].meeting(change.rule)) {
      this.#rules.add(old);
      this.#tables.add(tableOf(old));
    }
  }

  /** Whether a change has to wait. */
  has(change: Change): boolean {
    return this.#tables.has(tableOf(change)) || this.#rules.has(change);
  }
}

function oldRules(family: Family, changes: readonly Change[]): Subjects<RuleChange> {
  return new Subjects(changes.flatMap((change) => {
    if (!("rule" in change) || change.op !== "delete-rule" || change.rule.family !== family) return [];
    return [{ rule: change.rule, value: change }];
  }));
}

function tableOf(change: Change): string {
  const { family, table } = "rule" in change ? change.rule : change;
  return `${family} ${table}`;
}
