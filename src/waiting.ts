/** What has to wait because something that comes before it was refused. */

import type { Change } from "./model/change.ts";

export class Waiting {
  readonly #then: readonly Change[];
  readonly #tables = new Set<string>();
  readonly #sources = new Set<string>();

  /** `then`: what is to go when all that is new is there. */
  constructor(then: readonly Change[]) {
    this.#then = then;
  }

  /** Is told of a change that was refused, and that nothing stands in for. */
  add(change: Change): void {
    if (!("rule" in change) || change.op !== "add-rule") {
      this.#tables.add(tableOf(change));
      return;
    }
    // The old rule of that source stays, and so does what it leads to.
    this.#sources.add(change.rule.from!);
    for (const one of this.#then) {
      if (isOldRuleOf(change.rule.from!, one)) this.#tables.add(tableOf(one));
    }
  }

  /** Whether a change has to wait. */
  has(change: Change): boolean {
    return this.#tables.has(tableOf(change)) ||
      ("rule" in change && change.op === "delete-rule" && this.#sources.has(change.rule.from!));
  }
}

function isOldRuleOf(from: string, change: Change): boolean {
  return "rule" in change && change.op === "delete-rule" && change.rule.from === from;
}

function tableOf(change: Change): string {
  const { family, table } = "rule" in change ? change.rule : change;
  return `${family} ${table}`;
}
