/** Writes changes, tries again what is refused, and keeps in mind what stays so. */

import { changeCommand, namesOf, storedRouteText, type Vocabulary } from "./describe.ts";
import type { MarkChange } from "./connmark/change.ts";
import type { Host } from "./host.ts";
import { NetlinkError } from "./kernel/errors.ts";
import type { Refusal } from "./kernel/write.ts";
import type { Log } from "./log.ts";
import type { Change, RouteChange } from "./model/change.ts";
import { partition } from "./model/lists.ts";
import type { Stores } from "./model/store.ts";
import type { Stages } from "./order.ts";
import type { Refresh } from "./refresh.ts";
import { count, type Outcome, tally } from "./outcome.ts";
import type { Plan } from "./plan/plan.ts";
import { Retry } from "./retry.ts";
import { Waiting } from "./waiting.ts";

/** How long signals and timers may be kept waiting, in milliseconds. */
const PATIENCE = 50;

/** What a pass would do: routes and rules in their stages, and then what marks need; but before, where marks are to end. */
export interface Decision extends Stages {
  readonly plan: Plan;
  /** What leaves no trace, once `by` is there. */
  readonly refresh: Refresh;
  readonly marks: readonly MarkChange[];
}

export class Applier {
  /** Set from outside: no further batch is written. */
  stopped = false;
  readonly #host: Host;
  readonly #log: Log;
  /** What the kernel refused in the last pass. */
  readonly #refused = new Map<string, Change>();
  /** The rules that the kernel said to be there already. */
  readonly #believed = new Set<string>();
  /** What this pass meant to change, and was so already. */
  readonly #already = new Set<Change>();
  #breathed = performance.now();
  readonly #retry = new Retry();
  readonly #goOn: () => void;

  /** `goOn` is called now and then while it writes for long. */
  constructor(host: Host, { log, goOn }: { log: Log; goOn: () => void }) {
    this.#host = host;
    this.#log = log;
    this.#goOn = goOn;
  }

  /** What the kernel refused in the last pass: to be tried again in the next. */
  get refused(): Iterable<Change> {
    return this.#refused.values();
  }

  /** In how many milliseconds what was refused is to be tried again; undefined where nothing was. */
  retryIn(now: number): number | undefined {
    return this.#refused.size > 0 ? this.#retry.dueIn(now) : undefined;
  }

  wasRefused(change: Change): boolean {
    return this.#refused.has(this.#identity(change));
  }

  async apply({ plan, first, then, refresh }: Decision): Promise<Outcome> {
    const refused = new Map<string, Refusal>(), waiting = new Waiting(then);
    this.#already.clear();
    // What is wider, or comes after rules, is written when it is known what became of what is before it.
    for (const group of [...this.#groups(first), ...this.#groups(then)]) {
      if (this.stopped) break;
      const [held, due] = partition(group, (change) => waiting.has(change));
      const { stoodIn, left } = await this.#settle(due, plan);
      for (const { change } of left) waiting.add(change);
      const all = [...held.map((change): Refusal => ({ change, ...HELD })), ...stoodIn, ...left];
      for (const refusal of all) refused.set(this.#identity(refusal.change), refusal);
    }
    await this.#lateGateways(refused);
    const isMade = (change: Change) => !refused.has(this.#identity(change));
    const last = refresh.by.some(isMade) ? refresh.changes.filter((change) => !waiting.has(change)) : [];
    await this.#write(last, refused);
    this.#report(refused);
    const changes = [...first, ...then].filter((change) => !this.#already.has(change));
    return tally(changes, [...refused.values()].map(({ change }) => change));
  }

  /** Runs of changes that do not depend on each other: rules, or routes of keys that are as narrow. */
  #groups(changes: readonly Change[]): Change[][] {
    const groups: Change[][] = [];
    let last: number | undefined;
    for (const change of changes) {
      const rank = "rule" in change ? -1 : this.#host.stores[change.family].keys.rank(change.key);
      if (rank === last) groups.at(-1)!.push(change);
      else groups.push([change]);
      last = rank;
    }
    return groups;
  }

  /**
   * Writes, and writes again what was refused as long as some of it is accepted. So is asked, too, what became of changes
   * without an answer. Throws where that is not to be had. Gives the refusals that a throw stands in for, and the others.
   */
  async #settle(
    changes: readonly Change[],
    plan: Plan,
  ): Promise<{ stoodIn: readonly Refusal[]; left: readonly Refusal[] }> {
    const refused = new Map<string, Refusal>();
    await this.#write(changes, refused);
    for (let before = Infinity; refused.size > 0 && refused.size < before && !this.stopped;) {
      before = refused.size;
      const again = [...refused].filter(([, refusal]) => isRepeatable(refusal));
      for (const [identity] of again) refused.delete(identity);
      await this.#write(again.map(([, { change }]) => change), refused);
    }
    const unknown = [...refused.values()].filter((refusal) => refusal.unknown);
    if (unknown.length === 0) return await this.#standIn([...refused.values()], plan);
    throw new NetlinkError(`write ${count(unknown.length, "change")}`, unknown[0].reason, { code: 0 });
  }

  /**
   * Where a route is refused, a shorter one of its table would send its packets where main does not. So a throw stands in
   * for it, until it is accepted: main decides. In a closed table it is a ban, but for what is inside.
   */
  async #standIn(
    refused: readonly Refusal[],
    plan: Plan,
  ): Promise<{ stoodIn: readonly Refusal[]; left: readonly Refusal[] }> {
    const [routes, others] = partition(
      refused,
      ({ change }) => !("rule" in change) && change.op !== "delete",
    );
    const throws = new Map(routes.flatMap((refusal): [RouteChange, Refusal][] => {
      const change = standIn(refusal.change as RouteChange, { plan, stores: this.#host.stores });
      return change ? [[change, refusal]] : [];
    }));
    const again = new Map<string, Refusal>();
    await this.#write([...throws.keys()], again);
    const failed = [...again.values()].map(({ change }) => throws.get(change as RouteChange)!);
    return { stoodIn: routes.filter((one) => !failed.includes(one)), left: [...others, ...failed] };
  }

  /** A gateway may have been unreachable only until a wider route of its table was there. */
  async #lateGateways(refused: Map<string, Refusal>): Promise<void> {
    const changes = [...refused.values()].flatMap(({ change, held }): RouteChange[] =>
      held || "rule" in change || change.op === "delete" ? [] : [{ ...change, op: "replace" }]
    );
    const again = new Map<string, Refusal>();
    await this.#write(changes, again);
    for (const change of changes) {
      if (!again.has(this.#identity(change))) refused.delete(this.#identity(change));
    }
  }

  async #write(changes: readonly Change[], refused: Map<string, Refusal>): Promise<void> {
    if (this.stopped) return;
    if (this.#log.tells("debug")) { for (const change of changes) this.#log.debug(this.#command(change)); }
    for (const written of this.#host.kernel.write(changes)) {
      const { done, already } = written;
      const [known, news] = partition(already, (change) => this.#isKnown(change));
      const displaced = this.#host.rulesProven ? known : [];
      for (const refusal of [...written.refused, ...displaced.map(asDisplaced)]) {
        refused.set(this.#identity(refusal.change), refusal);
      }
      for (const change of already) this.#already.add(change);
      this.#host.keepUp({ done, already: news });
      await this.breathe();
      if (this.stopped) return;
    }
  }

  /**
   * Whether a rule that is said to be there already was said so before. Where all rules are known it stands in the way of
   * ours: the kernel takes some rules of others, such as one with `not`, for ours.
   */
  #isKnown(change: Change): boolean {
    if (change.op !== "add-rule" || !this.#host.kernel.listening) return false;
    const identity = this.#identity(change);
    if (this.#believed.has(identity)) return true;
    this.#believed.add(identity);
    return false;
  }

  /** Lets signals and timers have their turn, if they have waited for long. */
  async breathe(): Promise<void> {
    if (performance.now() - this.#breathed < PATIENCE) return;
    this.#goOn();
    await new Promise((resolve) => setTimeout(resolve));
    this.#breathed = performance.now();
  }

  /** Tells of what is refused for the first time. */
  #report(refused: ReadonlyMap<string, Refusal>): void {
    for (const [identity, { change, reason, held }] of refused) {
      if (!held && !this.#refused.has(identity)) this.#log.error(`${this.#command(change)}: ${reason}`);
    }
    const isNew = [...refused.keys()].some((identity) => !this.#refused.has(identity));
    const now = performance.now();
    if (isNew || this.#retry.isDue(now)) this.#retry.schedule(now, { isNew });
    this.#refused.clear();
    for (const [identity, { change }] of refused) this.#refused.set(identity, change);
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

/** What stands in for a route that the kernel refuses, so that main decides; undefined where it is there already. */
export function standIn(
  change: RouteChange,
  { plan, stores }: { plan: Plan; stores: Stores },
): RouteChange | undefined {
  const { family, key } = change, path = plan.families[family].mirror.standIn(change.path);
  if (stores[family].find(key, { ...change, path }) >= 0) return undefined;
  return { ...change, op: family === 4 ? "append" : "replace", path };
}

/** A delete that may have been carried out could take a lookalike when it is repeated. */
function isRepeatable({ change, unknown }: Refusal): boolean {
  return !unknown || (change.op !== "delete" && change.op !== "delete-rule");
}

const HELD = { reason: "what has to be done before was refused", unknown: false, held: true };

function asDisplaced(change: Change): Refusal {
  return { change, reason: "another program's rule stands in its place", unknown: false };
}

/** What gives the numbers in changes their words. */
export function vocabularyOf(host: Host): Vocabulary {
  return { stores: host.stores, names: namesOf(host.observed.links) };
}
