/**
 * What the kernel has, kept up to date: read once, then followed by its notifications.
 *
 * A notification never decides anything: it changes the routes in the store and says what is stale. Absence in a dump
 * proves nothing by itself, because the kernel does not tell that rules and routes changed while it dumped them: only a
 * dump during which nothing of its kind happened is a proof.
 */

import type { Written } from "./kernel/write.ts";
import type { Marker } from "./connmark/marker.ts";
import { LostEvents } from "./kernel/errors.ts";
import { Kernel } from "./kernel/kernel.ts";
import { type Dirty, Listener } from "./listener.ts";
import { FAMILIES, type Family } from "./model/address.ts";
import { Paths } from "./model/paths.ts";
import { type Address, type Arp, type Link, TABLE } from "./model/records.ts";
import { recorded, type RulesOf } from "./model/recorded.ts";
import { RouteStore, type Stores } from "./model/store.ts";
import { MainFacts } from "./model/facts.ts";
import type { Options } from "./plan/options.ts";
import { sharedNetworks } from "./plan/arp.ts";
import type { Observed } from "./plan/observed.ts";
import { TableReader } from "./reader.ts";
import { Stale } from "./stale.ts";
import { Unproven } from "./unproven.ts";
import { Watch } from "./watch.ts";

/** How often something is read again at once because it changed meanwhile. */
const ATTEMPTS = 5;

/** So many paths may be out of use before they are looked for. */
const SPARE_PATHS = 4096;

const NO_MARKS: ReadonlyMap<string, number> = new Map();

export class Host implements Disposable {
  readonly kernel: Kernel;
  readonly stores: Stores;
  readonly dirty: Readonly<Record<Family, Dirty>>;
  /** The keys of which a route of main was heard to have gone since they were last taken out of here. */
  readonly gone: Readonly<Record<Family, Set<number>>>;
  /** By table, the keys whose routes another program has changed since they were last taken out of here. */
  readonly meddled: Readonly<Record<Family, Map<number, Set<number>>>>;
  /** How often notifications were lost and everything was read again. */
  resyncs = 0;
  /** Changes whenever links, addresses, rules or forwarding have been read again. */
  version = 0;
  readonly #paths: Paths;
  #sweepAt = SPARE_PATHS;
  readonly #facts: Readonly<Record<Family, MainFacts>>;
  readonly #stale = new Stale();
  readonly #listener: Listener;
  readonly #reader: TableReader;
  readonly #watch: Watch;
  #links: ReadonlyMap<number, Link> = new Map();
  #addresses: readonly Address[] = [];
  #arp: ReadonlyMap<number, Arp> = new Map();
  /** Where connections are marked, or were and are to be no more. */
  readonly marker?: Marker;
  #rules: RulesOf = { 4: [], 6: [] };
  #forwarding: Record<Family, boolean | undefined> = { 4: false, 6: false };
  readonly #unproven = new Unproven();

  /** Opens the kernel's sockets; nothing is read yet. The marker, if there is one, becomes the host's to dispose of. */
  constructor(options: Options, marker?: Marker) {
    this.marker = marker;
    const paths = this.#paths = new Paths();
    this.stores = { 4: new RouteStore(4, paths), 6: new RouteStore(6, paths) };
    this.#facts = { 4: new MainFacts(this.stores[4]), 6: new MainFacts(this.stores[6]) };
    this.#listener = new Listener(this.stores, this.#stale);
    this.#watch = new Watch({ stores: this.stores, listener: this.#listener, stale: this.#stale, options });
    this.dirty = this.#listener.dirty;
    this.meddled = this.#listener.meddled;
    this.gone = this.#listener.gone;
    this.kernel = new Kernel(paths, this.stores);
    this.#reader = new TableReader(this.kernel, {
      stores: this.stores,
      listener: this.#listener,
      stale: this.#stale,
      drain: () => this.#drain(),
    });
  }

  /** What is known now; a view that later reading changes. */
  get observed(): Observed {
    const of = (family: Family) => ({
      forwarding: this.#forwarding[family],
      rules: this.#rules[family],
      store: this.stores[family],
      facts: this.#facts[family],
      isProven: (table: number) => this.rulesProven && this.#isTableProven(family, table),
    });
    return {
      links: this.#links,
      addresses: this.#addresses,
      arp: this.#arp,
      marks: this.marker?.remembered ?? NO_MARKS,
      families: { 4: of(4), 6: of(6) },
    };
  }

  /** Whether something has been heard that no pass has taken up yet. */
  get pending(): boolean {
    return this.#stale.any ||
      FAMILIES.some((family) => this.dirty[family].all || this.dirty[family].keys.size > 0);
  }

  /** Whether what is absent from the rules and from main is known to be absent. */
  isProven(family: Family): boolean {
    return !this.#stale.any && this.rulesProven && this.#isTableProven(family, TABLE.main);
  }

  /** Whether a rule that is not known is known not to be there. */
  get rulesProven(): boolean {
    return !this.#stale.rules && !this.#unproven.rules;
  }

  #isTableProven(family: Family, table: number): boolean {
    return !this.#stale.hasDoubt(family, table) && !this.#unproven.hasTable(family, table);
  }

  /** Whether all that was read is known to be all there is. */
  get isSettled(): boolean {
    return !this.#stale.any && !this.#unproven.any;
  }

  /** After how many milliseconds `follow` has something to read again; undefined where it has not. */
  get retryIn(): number | undefined {
    return this.#unproven.dueIn(performance.now());
  }

  /** Has everything read and planned again from the next `follow` on. */
  distrust(): void {
    this.#stale.everything();
    this.#watch.doubtAll();
    // What a pass that failed was about may be unchanged, and yet not done.
    for (const family of FAMILIES) this.dirty[family].all = true;
  }

  /** Takes up what has happened since the last call, and reads what is stale. On the first call: everything. */
  follow(): void {
    // Who hears nothing cannot tell whether what is read is all there is.
    if (!this.kernel.listening) return;
    this.marker?.follow();
    this.#drain();
    if (this.kernel.lacksNexthops) this.#stale.nexthopChanged = true;
    if (this.version > 0) this.#watch.suspectByRoutes(this.observed);
    const again = this.#unproven.due(performance.now());
    this.#stale.rules ||= again.rules;
    for (const doubt of again.doubts) this.#stale.doubt(doubt);
    for (let attempt = 0; this.#stale.any && attempt < ATTEMPTS; attempt++) this.#refresh();
  }

  #refresh(): void {
    const stale = this.#stale, { kernel } = this;
    const isArpStale = stale.links || stale.addresses;
    this.version++;
    if (stale.links) {
      stale.links = false;
      this.#links = new Map(kernel.readLinks().map((link) => [link.ifindex, link]));
    }
    if (stale.addresses) {
      stale.addresses = false;
      this.#addresses = kernel.readAddresses();
    }
    if (isArpStale) this.#readArp();
    if (stale.forwarding) {
      stale.forwarding = false;
      for (const family of FAMILIES) this.#forwarding[family] = kernel.readForwarding(family);
    }
    if (stale.rules) this.#readRules();
    // What an interface takes with it that is down, the kernel tells of neither objects nor routes.
    if (kernel.lacksNexthops || (kernel.usesNexthops && stale.lost.size > 0)) this.#readNexthops();
    this.#watch.suspect(this.observed);
    for (const doubt of stale.takeDoubts()) {
      if (this.#reader.read(doubt)) this.#unproven.remove(doubt);
      else this.#unproven.add(doubt, performance.now());
    }
    this.#drain();
    if (kernel.lacksNexthops) stale.nexthopChanged = true;
    this.#watch.suspectByRoutes(this.observed);
  }

  /** The routes that are known may lead elsewhere by what is read. */
  #readNexthops(): void {
    this.kernel.readNexthops();
    this.#stale.nexthopChanged = true;
  }

  /** The kernel does not tell when it changes: it is read with what it is about. */
  #readArp(): void {
    const concerned = sharedNetworks({ links: this.#links, addresses: this.#addresses })
      .flatMap(({ ifindexes }) => ifindexes);
    this.#arp = new Map([...new Set(concerned)].flatMap((ifindex) => {
      const arp = this.kernel.readArp(this.#links.get(ifindex)!);
      return arp ? [[ifindex, arp]] : [];
    }));
  }

  #readRules(): void {
    for (let attempt = 0; attempt < ATTEMPTS && this.#stale.rules; attempt++) {
      this.#stale.rules = false;
      const rules = this.kernel.readRules();
      for (const family of FAMILIES) this.#rules[family] = rules.filter((rule) => rule.family === family);
      this.#drain();
    }
    if (this.#stale.rules) this.#unproven.add(undefined, performance.now());
    else this.#unproven.remove();
    this.#stale.rules = false;
  }

  #drain(): void {
    try {
      this.kernel.drain(this.#listener);
    } catch (error) {
      if (!(error instanceof LostEvents)) throw error;
      this.resyncs++;
      this.#listener.losses++;
      this.distrust();
    }
  }

  /**
   * Gives up the numbers of keys and paths that no route has any more: on a host where interfaces come and go there is no
   * end of them. Only to be called when nobody holds such a number; true where numbers of paths have gone.
   */
  collect(): boolean {
    for (const family of FAMILIES) this.stores[family].collect();
    if (this.#paths.size < this.#sweepAt) return false;
    const used = new Set(FAMILIES.flatMap((family) => [...this.stores[family].usedPaths()]));
    this.#paths.retain(used);
    this.kernel.forgetPaths();
    this.#sweepAt = 2 * this.#paths.size + SPARE_PATHS;
    return true;
  }

  /**
   * Takes up what was written, without reading anything. The kernel tells of our own writes as of others', in their
   * true order, and they are not to fill the socket; who does not listen goes by the kernel's answers.
   */
  keepUp({ done, already }: Pick<Written, "done" | "already">): void {
    if (!this.kernel.listening) {
      this.#rules = recorded([...done, ...already], { rules: this.#rules, stores: this.stores });
      return;
    }
    this.#drain();
    // Where the kernel says that it is so already, what was known here was wrong.
    for (const change of already) {
      if ("rule" in change) this.#stale.rules = true;
      else this.#stale.doubt({ family: change.family, table: change.table });
    }
  }

  [Symbol.dispose](): void {
    this.kernel[Symbol.dispose]();
    this.marker?.[Symbol.dispose]();
  }
}
