/** Writes changes, tries again what is refused, and keeps in mind what stays so. */

import { changeCommand, namesOf, storedRouteText, type Vocabulary } from "./describe.ts";
import type { Host } from "./host.ts";
import { NetlinkError } from "./kernel/errors.ts";
import type { Refusal } from "./kernel/write.ts";
import type { Log } from "./log.ts";
import type { Change, RouteChange } from "./model/change.ts";
import type { Stages } from "./order.ts";
import { type Outcome, tally } from "./outcome.ts";
import type { Plan } from "./plan/plan.ts";

/** How long signals and timers may be kept waiting, in milliseconds. */
const PATIENCE = 50;

export class Applier {
  /** Set from outside: no further batch is written. */
  stopped = false;
  readonly #host: Host;
  readonly #log: Log;
  /** What the kernel refused in the last pass. */
  readonly #refused = new Map<string, Change>();
  /** The rules that the kernel said to be there already. */
  readonly #believed = new Set<string>();
  #breathed = performance.now();

  constructor(host: Host, log: Log) {
    this.#host = host;
    this.#log = log;
  }

  /** What the kernel refused in the last pass: to be tried again in the next. */
  get refused(): Iterable<Change> {
    return this.#refused.values();
  }

  wasRefused(change: Change): boolean {
    return this.#refused.has(this.#identity(change));
  }

  async apply({ plan, first, then }: Stages & { readonly plan: Plan }): Promise<Outcome> {
    const refused = new Map<string, Refusal>();
    await this.#insist(first, refused);
    await this.#standIn(refused.values(), plan);
    // What is to go may only go when it is known what of the new is there.
    if (!hasUnknown(refused)) await this.#write(then, refused);
    this.#report(refused);
    return tally([...first, ...then], [...refused.values()].map(({ change }) => change));
  }

  /**
   * Writes, and writes again what was refused as long as some of it is accepted: a gateway may have been unreachable only
   * until a later route was there. So is asked, too, what became of changes without an answer.
   */
  async #insist(changes: readonly Change[], refused: Map<string, Refusal>): Promise<void> {
    await this.#write(changes, refused);
    for (let before = Infinity; refused.size > 0 && refused.size < before && !this.stopped;) {
      before = refused.size;
      const again = [...refused].filter(([, refusal]) => isRepeatable(refusal));
      for (const [identity] of again) refused.delete(identity);
      await this.#write(again.map(([, { change }]) => change), refused);
    }
  }

  /**
   * Where a route is refused, a shorter one of its table would send its packets where main does not. So a throw stands in
   * for it, until it is accepted: main decides.
   */
  async #standIn(refused: Iterable<Refusal>, plan: Plan): Promise<void> {
    const throws = [...refused].flatMap(({ change, unknown }): RouteChange[] => {
      if ("rule" in change || change.op === "delete" || unknown) return [];
      const path = plan.families[change.family].mirror.throwPath();
      if (this.#host.stores[change.family].find(change.key, { ...change, path }) >= 0) return [];
      return [{ ...change, op: change.family === 4 ? "append" : "replace", path }];
    });
    await this.#write(throws, new Map());
  }

  async #write(changes: readonly Change[], refused: Map<string, Refusal>): Promise<void> {
    if (this.stopped) return;
    if (this.#log.tells("debug")) { for (const change of changes) this.#log.debug(this.#command(change)); }
    for (const written of this.#host.kernel.write(changes)) {
      const { done, already } = written;
      const displaced = already.filter((change) => this.#isDisplaced(change));
      for (const refusal of [...written.refused, ...displaced.map(asDisplaced)]) {
        refused.set(this.#identity(refusal.change), refusal);
      }
      this.#host.keepUp({ done, already: already.filter((change) => !displaced.includes(change)) });
      await this.breathe();
      if (this.stopped) return;
    }
  }

  /**
   * Whether a rule that is said to be there already was said so before, and yet was not there when all rules had been read
   * because of that: the kernel takes some rules of others, such as one with `not`, for ours.
   */
  #isDisplaced(change: Change): boolean {
    if (change.op !== "add-rule" || !this.#host.kernel.listening) return false;
    const identity = this.#identity(change);
    if (this.#believed.has(identity)) return true;
    this.#believed.add(identity);
    return false;
  }

  /** Lets signals and timers have their turn, if they have waited for long. */
  async breathe(): Promise<void> {
    if (performance.now() - this.#breathed < PATIENCE) return;
    await new Promise((resolve) => setTimeout(resolve));
    this.#breathed = performance.now();
  }

  /** Tells of what is refused for the first time. */
  #report(refused: ReadonlyMap<string, Refusal>): void {
    for (const [identity, { change, reason }] of refused) {
      if (!this.#refused.has(identity)) this.#log.error(`${this.#command(change)}: ${reason}`);
    }
    this.#refused.clear();
    for (const [identity, { change }] of refused) this.#refused.set(identity, change);
    if (hasUnknown(refused)) {
      throw new NetlinkError("write changes", "the kernel did not answer", { code: 0 });
    }
  }

  /** The same for every way to write one route: what is refused once is told of once. */
  #identity(change: Change): string {
    if ("rule" in change || change.op === "delete") return this.#command(change);
    return storedRouteText(change, vocabularyOf(this.#host));
  }

  #command(change: Change): string {
    return changeCommand(change, vocabularyOf(this.#host));
  }
}

/** A delete that may have been carried out could take a lookalike when it is repeated. */
function isRepeatable({ change, unknown }: Refusal): boolean {
  return !unknown || (change.op !== "delete" && change.op !== "delete-rule");
}

function hasUnknown(refused: ReadonlyMap<string, Refusal>): boolean {
  return [...refused.values()].some(({ unknown }) => unknown);
}

function asDisplaced(change: Change): Refusal {
  return { change, reason: "another program's rule stands in its place", unknown: false };
}

/** What gives the numbers in changes their words. */
export function vocabularyOf(host: Host): Vocabulary {
  return { stores: host.stores, names: namesOf(host.observed.links) };
}
