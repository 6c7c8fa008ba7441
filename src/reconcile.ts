/** The one loop: observe, plan, diff, apply. */

import { Applier, type Decision, vocabularyOf } from "./apply.ts";
import { changeText, type MarkChange } from "./connmark/change.ts";
import { storedRouteText } from "./describe.ts";
import { diffKey, diffRules, type RouteDiff } from "./diff.ts";
import type { Host } from "./host.ts";
import type { Log } from "./log.ts";
import type { Change, RouteChange, RuleChange } from "./model/change.ts";
import { FAMILIES, type Family } from "./model/address.ts";
import { order } from "./order.ts";
import { Notices } from "./notices.ts";
import { type Outcome, together, type Troubles } from "./outcome.ts";
import type { Options } from "./plan/options.ts";
import { inPlace, oursOf } from "./plan/ownership.ts";
import type { Observed } from "./plan/observed.ts";
import { type Held, heldAfter } from "./plan/held.ts";
import { type Plan, plan as planAll } from "./plan/plan.ts";
import { isOfAnyIp } from "./model/subject.ts";
import { refreshes6 } from "./refresh.ts";
import { Truce, undoneSubjects } from "./truce.ts";

export interface ReconcilerOptions {
  readonly options: Options;
  readonly log: Log;
  /** `plan`, or `planFlush`. */
  readonly planner?: (observed: Observed, options: Options, held?: Held) => Plan;
  /** Is called now and then while a pass takes long. */
  readonly goOn?: () => void;
}

export class Reconciler {
  readonly #host: Host;
  readonly #options: Options;
  readonly #log: Log;
  readonly #planner: (observed: Observed, options: Options, held?: Held) => Plan;
  readonly #notices: Notices;
  readonly #truce: Truce;
  readonly #applier: Applier;
  #plan?: Plan;
  #plannedFor = "";
  /** The tables in which routes are to be changed that have not been, because that has to wait. */
  readonly #undone: Record<Family, Set<number>> = { 4: new Set(), 6: new Set() };
  #wasProven: Record<Family, boolean> = { 4: true, 6: true };

  constructor(host: Host, { options, log, planner = planAll, goOn = () => {} }: ReconcilerOptions) {
    this.#host = host;
    this.#options = options;
    this.#log = log;
    this.#planner = planner;
    this.#notices = new Notices(log);
    this.#truce = new Truce(log);
    this.#applier = new Applier(host, { log, goOn });
  }

  /** Writes nothing more, not even what the pass under way has left to write. */
  stop(): void {
    this.#applier.stopped = true;
  }

  get stopped(): boolean {
    return this.#applier.stopped;
  }

  /** Lets signals and timers have their turn, if they have waited for long. */
  breathe(): Promise<void> {
    return this.#applier.breathe();
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
    const diff: RouteDiff = { changes: [], foreign: [] };
    for (const family of FAMILIES) this.#diffFamily(family, diff);
    this.#noticeForeign(diff);
    const routes = this.#truce.sift(diff.changes, performance.now());
    const { first, then } = order(
      this.#truce.sift(rules, performance.now()),
      routes,
      {
        rank: ({ family, key }) => host.stores[family].keys.rank(key),
        isInUse: ({ family, table }) => this.plan.families[family].targets.some((one) => one.table === table),
        concerns: (rule) => this.plan.families[rule.family].ways.concerns(rule),
        misleads: (rule) => this.plan.families[rule.family].ways.misleads(rule),
        isEmpty: ({ family, table }) => host.observed.families[family].facts.tableSize(table) === 0,
      },
    );
    this.#truce.endPass();
    const due = then.filter((change) => this.#mayGo(change));
    const isWhole = routes.length === diff.changes.length && due.length === then.length;
    if (!isWhole) this.#noteUndone(diff.changes, new Set([...first, ...due]));
    for (const family of FAMILIES) host.gone[family].clear();
    const refresh = refreshes6(routes, {
      plan: this.plan.families[6],
      store: host.stores[6],
      rules: host.observed.families[6].rules,
    });
    const { links } = host.observed;
    const marks = host.marker?.decide(this.plan.marks, { links, now: performance.now() }) ?? [];
    return { plan: this.plan, first, then: due, refresh, marks };
  }

  /** Nothing goes because something was not seen while it is not known to be absent: only what was heard to have gone. */
  #mayGo(change: Change): boolean {
    const host = this.#host;
    if ("key" in change) {
      const { op, family, key } = change;
      return op !== "delete" || host.gone[family].has(key) || host.isProven(family);
    }
    const { op, rule } = change;
    if (op !== "delete-rule" || host.isProven(rule.family)) return true;
    // Addresses and links are known for sure: a rule of one that is gone, or is another interface's now, misleads.
    return host.rulesProven && !isOfAnyIp(rule) && this.plan.families[rule.family].ways.isSpent(rule);
  }

  /** One whole pass. Throws where the kernel did not answer: what it did is not known then. */
  async pass(): Promise<Outcome> {
    const outcome = await this.#carryOut(this.decide());
    if (this.stopped || !this.#isPostponed) return outcome;
    return together(outcome, await this.#carryOut(this.decide()));
  }

  /** Whether an interface has no table until the next pass, and so no mark. */
  get #isPostponed(): boolean {
    return FAMILIES.some((family) => this.plan.families[family].postponed);
  }

  async #carryOut(decision: Decision): Promise<Outcome> {
    const early = decision.plan.marks ? [] : this.#mark(decision.marks);
    const outcome = await this.#applier.apply(decision);
    const late = decision.plan.marks && !this.#isPostponed && !this.stopped ? this.#mark(decision.marks) : [];
    const isRefused = this.#host.marker?.isRefused === true;
    return { ...outcome, refused: outcome.refused + (isRefused ? 1 : 0), marks: [...early, ...late] };
  }

  #mark(changes: readonly MarkChange[]): string[] {
    const done = this.#host.marker?.apply(changes, performance.now()) ?? [];
    return done.flatMap((change) => changeText(change) ?? []);
  }

  /** In how many milliseconds a pass is due though nothing is heard; undefined where none is. */
  get dueIn(): number | undefined {
    const now = performance.now();
    const { marker, retryIn } = this.#host;
    const due = [retryIn, this.#truce.endsIn(now), this.#applier.retryIn(now), marker?.dueIn(now)]
      .filter((time) => time !== undefined);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  /** The plan of the last pass. */
  get plan(): Plan {
    if (!this.#plan) throw new TypeError("nothing has been planned yet");
    return this.#plan;
  }

  /** How many rules and routes of ours the kernel has. */
  inPlace(): { rules: number; routes: number } {
    return inPlace(this.#host.observed, this.#options);
  }

  /** What is not as it should be. */
  get troubles(): Troubles {
    const { marker } = this.#host;
    return {
      conflicts: this.plan.notes.filter(({ kind }) => kind === "conflict").length,
      refused: [...this.#applier.refused].length + (marker?.isRefused ? 1 : 0),
      isHolding: this.#truce.isHolding || marker?.isHolding === true,
    };
  }

  /** Plans again where something changed that is more than a route, and says which rules to change. */
  #replan(): RuleChange[] {
    const host = this.#host, { observed } = host;
    for (const family of FAMILIES) {
      if (host.isProven(family) && !this.#wasProven[family]) host.dirty[family].all = true;
      this.#wasProven[family] = host.isProven(family);
    }
    const rulesOwed = [...this.#applier.refused].some((change) => "rule" in change);
    // A released table is somebody else's to take as soon as it is empty.
    const releases = FAMILIES.some((family) => (this.#plan?.families[family].released.length ?? 0) > 0);
    if (this.#plan && this.#state() === this.#plannedFor && !rulesOwed && !releases) return [];
    const old = this.#plan, next = this.#plan = this.#planner(observed, this.#options, this.#held());
    this.#plannedFor = this.#state();
    this.#notices.tell(next.notes);
    for (const family of FAMILIES) {
      if (old?.families[family].signature !== next.families[family].signature) host.dirty[family].all = true;
    }
    return FAMILIES.flatMap((family) => {
      const changes = diffRules(
        next.families[family].rules,
        oursOf(family, { observed, options: this.#options }),
      );
      // What the kernel refused, or was not seen, nobody took away.
      const made = changes.filter((one) => one.op === "delete-rule" || !this.#applier.wasRefused(one));
      const before = old?.families[family];
      const undone = host.rulesProven && before ? undoneSubjects(made, before) : new Set<string>();
      if (undone.size > 0) this.#truce.trouble(family, { what: undone });
      return changes;
    });
  }

  #held(): Held | undefined {
    if (!this.#plan) return undefined;
    this.#noteUndone([...this.#applier.refused].filter((change) => "key" in change), new Set());
    const of = (family: Family) => heldAfter(this.plan.families[family], this.#undone[family]);
    return { 4: of(4), 6: of(6) };
  }

  #noteUndone(wanted: readonly RouteChange[], made: ReadonlySet<Change>): void {
    for (const change of wanted) if (!made.has(change)) this.#undone[change.family].add(change.table);
  }

  /** All that a plan depends on, as one text: routes only in so far as they make roles, bans or conflicts. */
  #state(): string {
    const { version, observed } = this.#host;
    return JSON.stringify([
      version,
      ...observed.marks,
      ...FAMILIES.map((family) => {
        const { facts } = observed.families[family];
        const contested = this.#plan?.families[family].contested ?? [];
        return [facts.version, ...contested.map((table) => facts.tableSize(table))];
      }),
    ]);
  }

  #diffFamily(family: Family, diff: RouteDiff): void {
    const dirty = this.#host.dirty[family], store = this.#host.stores[family];
    for (const change of this.#applier.refused) {
      if ("key" in change && change.family === family) dirty.keys.add(change.key);
    }
    if (dirty.all) this.#undone[family].clear();
    const plan = this.plan.families[family];
    for (const key of dirty.all ? plan.mirror.keys() : dirty.keys) diffKey(key, plan, { store, diff });
    dirty.all = false;
    dirty.keys.clear();
    for (const [table, keys] of this.#host.meddled[family]) {
      this.#truce.trouble(family, { table, what: keys });
    }
    this.#host.meddled[family].clear();
  }

  #noticeForeign({ foreign }: RouteDiff): void {
    for (const route of foreign) {
      const text = () => storedRouteText(route, vocabularyOf(this.#host));
      this.#notices.foreign(`${route.family} ${route.table}`, text);
    }
  }
}
