/** The one loop: observe, plan, diff, apply. */

import { changeCommand, namesOf, storedRouteText, type Vocabulary } from "./describe.ts";
import { diffKey, diffRules, type RouteDiff } from "./diff.ts";
import type { Host } from "./host.ts";
import { NetlinkError } from "./kernel/errors.ts";
import type { Refusal } from "./kernel/write.ts";
import type { Log } from "./log.ts";
import type { Change, RouteChange, RuleChange } from "./model/change.ts";
import { FAMILIES, type Family } from "./model/address.ts";
import { sameRule } from "./model/records.ts";
import { order, type Stages } from "./order.ts";
import { Notices } from "./notices.ts";
import { type Outcome, tally } from "./outcome.ts";
import type { Options } from "./plan/options.ts";
import { isOurs } from "./plan/ownership.ts";
import type { Observed } from "./plan/observed.ts";
import { type Plan, plan as planAll } from "./plan/plan.ts";
import { Truce } from "./truce.ts";

/** What a pass would do. */
export interface Decision extends Stages {
  readonly plan: Plan;
}

export interface ReconcilerOptions {
  readonly options: Options;
  readonly log: Log;
  /** `plan`, or `planFlush`. */
  readonly planner?: (observed: Observed, options: Options) => Plan;
}

/** How long the event loop may be kept from signals, in milliseconds. */
const PATIENCE = 50;

export class Reconciler {
  readonly #host: Host;
  readonly #options: Options;
  readonly #log: Log;
  readonly #planner: (observed: Observed, options: Options) => Plan;
  readonly #notices: Notices;
  readonly #truce: Truce;
  #plan?: Plan;
  #plannedFor = "";
  #wasProven: Record<Family, boolean> = { 4: true, 6: true };
  /** What the kernel refused: tried again in every pass. */
  readonly #refused = new Map<string, Change>();
  #breathed = performance.now();
  /** Set from outside: no further batch is written. */
  stopped = false;

  constructor(host: Host, { options, log, planner = planAll }: ReconcilerOptions) {
    this.#host = host;
    this.#options = options;
    this.#log = log;
    this.#planner = planner;
    this.#notices = new Notices(log);
    this.#truce = new Truce(log);
  }

  /** Observes, and says what is to be done about all that is dirty. */
  decide(): Decision {
    const host = this.#host;
    host.follow();
    if (host.collect()) this.#plannedFor = "";
    for (const family of this.#truce.resume(performance.now())) {
      host.dirty[family].all = true;
      this.#plannedFor = "";
    }
    const rules = this.#replan();
    const heard = { 4: new Set(host.dirty[4].keys), 6: new Set(host.dirty[6].keys) };
    const diff: RouteDiff = { changes: [], foreign: [] };
    for (const family of FAMILIES) this.#diffFamily(family, diff);
    this.#noticeForeign(diff);
    const { first, then } = order(
      this.#truce.sift(rules, performance.now()),
      this.#truce.sift(diff.changes, performance.now()),
      {
        prefixLength: ({ family, key }) => host.stores[family].keys.length(key),
        isInUse: ({ family, table }) => this.plan.families[family].targets.some((one) => one.table === table),
        isEmpty: ({ family, table }) => host.observed.families[family].facts.tableSize(table) === 0,
      },
    );
    this.#truce.endPass();
    // Nothing goes because something was not seen while it was not known to be absent: only what was heard to have gone.
    const mayGo = (change: Change) =>
      (change.op !== "delete" && change.op !== "delete-rule") ||
      ("key" in change && heard[change.family].has(change.key)) ||
      host.isProven("rule" in change ? change.rule.family : change.family);
    return { plan: this.#plan!, first, then: then.filter(mayGo) };
  }

  /** One whole pass. */
  async pass(): Promise<Outcome> {
    const { first, then } = this.decide();
    const retried = [...this.#refused.keys()];
    const refused = new Map<string, Refusal>();
    await this.#write(first, refused);
    // A gateway may have been unreachable only until a later route of the same stage was there.
    for (let before = Infinity; refused.size > 0 && refused.size < before && !this.stopped;) {
      before = refused.size;
      const again = [...refused.values()].map(({ change }) => change);
      refused.clear();
      await this.#write(again, refused);
    }
    await this.#standIn(refused.values());
    await this.#write(then, refused);
    for (const identity of retried) if (!refused.has(identity)) this.#refused.delete(identity);
    this.#report(refused);
    return tally([...first, ...then], [...refused.values()].map(({ change }) => change));
  }

  /**
   * Where a route is refused, a shorter one of its table would send its packets where main does not. So a throw stands in
   * for it, until it is accepted: main decides.
   */
  async #standIn(refused: Iterable<Refusal>): Promise<void> {
    const throws = [...refused].flatMap(({ change, unknown }): RouteChange[] => {
      if ("rule" in change || change.op === "delete" || unknown) return [];
      const path = this.plan.families[change.family].mirror.throwPath();
      if (this.#host.stores[change.family].find(change.key, { ...change, path }) >= 0) return [];
      return [{ ...change, op: change.family === 4 ? "append" : "replace", path }];
    });
    await this.#write(throws, new Map());
  }

  /** In how many milliseconds a pass is due though nothing is heard; undefined where none is. */
  get dueIn(): number | undefined {
    const due = [this.#host.retryIn, this.#truce.endsIn(performance.now())].filter((time) =>
      time !== undefined
    );
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** The plan of the last pass. */
  get plan(): Plan {
    if (!this.#plan) throw new TypeError("nothing has been planned yet");
    return this.#plan;
  }

  /** How many rules and routes of ours the kernel has. */
  inPlace(): { rules: number; routes: number } {
    const { families } = this.#host.observed;
    let rules = 0, routes = 0;
    for (const family of FAMILIES) {
      const ours = this.#ours(family);
      rules += ours.length;
      for (const table of new Set(ours.map((rule) => rule.table))) {
        routes += families[family].facts.tableSize(table);
      }
    }
    return { rules, routes };
  }

  #ours(family: Family) {
    const { addresses, families } = this.#host.observed;
    return families[family].rules.filter((rule) => isOurs(rule, { options: this.#options, addresses }));
  }

  /** Plans again where something changed that is more than a route, and says which rules to change. */
  #replan(): RuleChange[] {
    const host = this.#host, { observed } = host;
    for (const family of FAMILIES) {
      if (host.isProven(family) && !this.#wasProven[family]) host.dirty[family].all = true;
      this.#wasProven[family] = host.isProven(family);
    }
    const rulesOwed = [...this.#refused.values()].some((change) => "rule" in change);
    if (this.#plan && this.#state() === this.#plannedFor && !rulesOwed) return [];
    const old = this.#plan;
    const next = this.#plan = this.#planner(observed, this.#options);
    this.#plannedFor = this.#state();
    this.#notices.tell(next.notes);
    for (const family of FAMILIES) {
      if (old?.families[family].signature !== next.families[family].signature) host.dirty[family].all = true;
    }
    return FAMILIES.flatMap((family) => {
      const changes = diffRules(next.families[family].rules, this.#ours(family));
      const before = old?.families[family].rules ?? [];
      // What the kernel refused, or was not seen, nobody took away.
      const isLost = (change: RuleChange) =>
        change.op === "add-rule" && before.some((one) => sameRule(one, change.rule)) &&
        !this.#refused.has(this.#identity(change));
      if (host.isProven(family) && changes.some(isLost)) this.#truce.trouble(family);
      return changes;
    });
  }

  /** All that a plan depends on, as one text: routes only in so far as they make roles, bans or conflicts. */
  #state(): string {
    const { version, observed } = this.#host;
    return JSON.stringify([
      version,
      ...FAMILIES.map((family) => {
        const { facts } = observed.families[family];
        const contested = this.#plan?.families[family].contested ?? [];
        return [facts.version, ...contested.map((table) => facts.tableSize(table))];
      }),
    ]);
  }

  #diffFamily(family: Family, diff: RouteDiff): void {
    const dirty = this.#host.dirty[family], store = this.#host.stores[family];
    for (const change of this.#refused.values()) {
      if ("key" in change && change.family === family) dirty.keys.add(change.key);
    }
    const keys = dirty.all ? store.routedKeys() : dirty.keys;
    for (const key of keys) diffKey(key, this.#plan!.families[family], { store, diff });
    dirty.all = false;
    dirty.keys.clear();
    for (const [table, keys] of this.#host.meddled[family]) this.#truce.trouble(family, { table, keys });
    this.#host.meddled[family].clear();
  }

  async #write(changes: readonly Change[], refused: Map<string, Refusal>): Promise<void> {
    if (this.#log.tells("debug")) { for (const change of changes) this.#log.debug(this.#command(change)); }
    for (const written of this.#host.kernel.write(changes)) {
      for (const refusal of written.refused) refused.set(this.#identity(refusal.change), refusal);
      this.#host.keepUp(written);
      if (performance.now() - this.#breathed > PATIENCE) await this.breathe();
      if (this.stopped) return;
    }
  }

  /** Lets signals and timers have their turn. */
  async breathe(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve));
    this.#breathed = performance.now();
  }

  #report(refused: ReadonlyMap<string, Refusal>): void {
    for (const [identity, { change, reason }] of refused) {
      if (!this.#refused.has(identity)) this.#log.error(`${this.#command(change)}: ${reason}`);
      this.#refused.set(identity, change);
    }
    const unanswered = [...refused.values()].find(({ unknown }) => unknown);
    if (unanswered) throw new NetlinkError("write changes", unanswered.reason, { code: 0 });
  }

  /** The same for every way to write one route: what is refused once is told of once. */
  #identity(change: Change): string {
    if ("rule" in change || change.op === "delete") return this.#command(change);
    return storedRouteText(change, this.vocabulary);
  }

  #command(change: Change): string {
    return changeCommand(change, this.vocabulary);
  }

  #noticeForeign({ foreign }: RouteDiff): void {
    for (const route of foreign) {
      this.#notices.foreign(`left as it is: not a route of ours: ${storedRouteText(route, this.vocabulary)}`);
    }
  }

  /** What gives the numbers in changes their words. */
  get vocabulary(): Vocabulary {
    return { stores: this.#host.stores, names: namesOf(this.#host.observed.links) };
  }
}
