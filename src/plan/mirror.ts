/** What an interface table should hold for one key of main. */

import type { Above } from "../model/above.ts";
import { type Family, isLinkLocal } from "../model/address.ts";
import { asTaken, barePath, devices, withNexthops } from "../model/paths.ts";
import { type MetricOverride, withOverrides } from "../model/metrics.ts";
import { isBan, type Path, TABLE, TYPE } from "../model/records.ts";
import type { RouteStore } from "../model/store.ts";
import { apart, HIGHEST_METRIC } from "./apart.ts";
import type { HeldFamily } from "./held.ts";
import type { Role } from "./options.ts";
import { isPlacedBy, leadsInside } from "./placed.ts";

/** A route of one key and one table: its metric and the number of its path. */
export interface Entry {
  readonly metric: number;
  readonly path: number;
}

/** An interface that has a table. */
export interface Target {
  readonly ifindex: number;
  readonly table: number;
  readonly role: Role;
  /** The table has become a VRF's: ours in it is only what leaves by this interface, or what main says to the letter. */
  readonly exact?: boolean;
}

/** What decides which routes a table gets. */
export interface MirrorContext {
  readonly family: Family;
  /** The interfaces whose routes go into every table. */
  readonly inside: ReadonlySet<number>;
  /** Tunnels that lead to the world: the network that their own address is in lies inside them, and is shared. */
  readonly tunnels: ReadonlySet<number>;
  /** By interface, the networks that its addresses are in. */
  readonly networks: ReadonlyMap<number, Above>;
  /** The interfaces that are down: a multipath route keeps its next hops by them, but the kernel takes no new ones. */
  readonly down: ReadonlySet<number>;
  /** From a local address to its interface, for routes that name it as preferred source. */
  readonly sources: ReadonlyMap<string, number>;
  /** Every address and AnyIP prefix that the host has. */
  readonly locals: ReadonlySet<string>;
  readonly held: HeldFamily;
  /** The bans of main, but those that a better metric of main outdoes. */
  readonly bans: Above;
  readonly metrics: readonly MetricOverride[];
  /** Whether the tables are closed. */
  readonly isolate: boolean;
  /** `RTPROT_*` of the routes that main has no message for. */
  readonly protocol: number;
}

const NOTHING: readonly Entry[] = [];
/** Prefixes that are shorter lead to the world: defaults, and the halves that VPNs take in their place. */
const SHORTEST_SHARED: Readonly<Record<Family, number>> = { 4: 2, 6: 4 };

export class Mirror {
  readonly #context: MirrorContext;
  readonly #store: RouteStore;
  /** For each table, from a path of main to its mirror's; 0 where there is none. */
  readonly #paths = new Map<number, number[]>();
  #last: readonly Entry[] = NOTHING;

  constructor(context: MirrorContext, store: RouteStore) {
    this.#context = context;
    this.#store = store;
  }

  /** Every key of which a table may have to have a route. */
  *keys(): Generator<number> {
    const store = this.#store;
    yield* store.routedKeys();
    if (this.#context.isolate && store.first(store.defaultKey) < 0) yield store.defaultKey;
  }

  /** The routes of `key` that the target's table should have: by metric, and at one metric in main's order. */
  wanted(key: number, target: Target): readonly Entry[] {
    const open = this.#open(key, target);
    return this.#context.isolate && key === this.#store.defaultKey ? this.#closed(open) : open;
  }

  /** Closes a table behind its defaults. In IPv6 behind one of the last metric there is no room, and no need. */
  #closed(open: readonly Entry[]): readonly Entry[] {
    const closing = { metric: HIGHEST_METRIC, path: this.#bare(TYPE.unreachable) };
    const equals = open.filter(({ metric }) => metric === HIGHEST_METRIC);
    const isClosed = this.#store.family === 6
      ? equals.length > 0
      : equals.some(({ path }) => path === closing.path);
    return isClosed ? open : [...open, closing];
  }

  #open(key: number, target: Target): readonly Entry[] {
    const found = this.#found(key, target);
    if (found.length > 1 && this.#store.family === 6) return apart([...found], this.#store.paths);
    const isPierced = () => this.#isBanned(key) || this.#isCutOut(key, target);
    // A closed table leaves nothing to main: what is inside is shared, if it is there at all.
    if (found.length > 0 || this.#context.isolate || !isPierced()) return found;
    const pierced = this.#bestOfMain(key);
    return pierced === undefined ? NOTHING : [{ metric: pierced, path: this.#bare(TYPE.throw) }];
  }

  #found(key: number, target: Target): readonly Entry[] {
    const store = this.#store;
    const isOnlyOwn = this.isOnlyOwn(key);
    let found: readonly Entry[] = NOTHING, best = Infinity;
    for (let slot = store.first(key); slot >= 0; slot = store.next(slot)) {
      if (store.table(slot) !== TABLE.main) continue;
      const metric = store.metric(slot), path = store.path(slot);
      const ban = isBan(store.paths.get(path));
      // A ban that a better metric outdoes bans nobody, and would where that route is another interface's.
      if (ban && best <= metric) continue;
      if (!ban && metric < best) best = metric;
      const mirrored = this.#mirrored(path, target);
      if (mirrored === 0 || (isOnlyOwn && !ban && !this.#leavesBy(mirrored, target))) continue;
      if (found.some((entry) => entry.metric === metric && entry.path === mirrored)) continue;
      const alone = this.#alone(metric, mirrored);
      found = found.length === 0 ? alone : [...found, ...alone];
    }
    return found;
  }

  /**
   * Whether a route of that key is of use only by its own interface. Every interface has its own fe80::/64: one is no way
   * to another's neighbours. A way to the world is no network inside, even by an interface that an option calls inside.
   */
  isOnlyOwn(key: number): boolean {
    const { family, keys } = this.#store;
    if (keys.length(key) < SHORTEST_SHARED[family]) return true;
    return family === 6 && isLinkLocal(6, [keys.firstWord(key)]);
  }

  /** One entry as a list: the same for every key, as most keys have just one route and share it with many. */
  #alone(metric: number, path: number): readonly Entry[] {
    const known = this.#last;
    if (known[0]?.metric === metric && known[0].path === path) return known;
    return this.#last = [{ metric, path }];
  }

  /** The metric of main's best route for a key that is no ban. */
  #bestOfMain(key: number): number | undefined {
    const store = this.#store;
    for (let slot = store.first(key); slot >= 0; slot = store.next(slot)) {
      const isRoute = store.table(slot) === TABLE.main && !isBan(store.paths.get(store.path(slot)));
      if (isRoute) return store.metric(slot);
    }
    return undefined;
  }

  #leavesBy(id: number, { ifindex }: Target): boolean {
    return this.#store.paths.get(id).nexthops.some((nexthop) => nexthop.ifindex === ifindex);
  }

  #mirrored(id: number, target: Target): number {
    let paths = this.#paths.get(target.table);
    if (!paths) this.#paths.set(target.table, paths = []);
    return paths[id] ??= this.#mirror(id, target);
  }

  #mirror(id: number, target: Target): number {
    const path = this.#store.paths.get(id);
    if (isBan(path)) return this.#ban(id);
    const kept = this.#kept(path, target);
    if (!kept) return 0;
    const { metrics } = this.#context;
    const overridden = path.type === TYPE.unicast && metrics.length > 0;
    return this.#store.paths.intern(
      overridden ? { ...kept, metrics: withOverrides(kept.metrics, metrics) } : kept,
    );
  }

  /** The path with those next hops that the table gets: its own, else those inside, else all for its source's sake. */
  #kept(path: Path, { ifindex }: Target): Path | undefined {
    const { down, sources } = this.#context;
    const alive = path.nexthops.filter((nexthop) => !down.has(nexthop.ifindex));
    const own = alive.filter((nexthop) => nexthop.ifindex === ifindex);
    const { family } = path;
    if (own.length > 0) return withNexthops(path, asTaken(family, own));
    const shared = alive.filter((nexthop) => leadsInside(this.#context, { path, nexthop }));
    if (shared.length > 0) return withNexthops(path, asTaken(family, shared));
    const ofOurSource = path.prefsrc !== undefined && sources.get(path.prefsrc) === ifindex;
    return ofOurSource && alive.length > 0 ? withNexthops(path, asTaken(family, alive)) : undefined;
  }

  /** Whether a route is of a form in which it could be in the target's table, whatever main says now. */
  hasForm(path: Path, target: Target): boolean {
    const { held, locals } = this.#context, { prefsrc } = path;
    if (isBan(path) || isPlacedBy(this.#context, { path, target })) return true;
    if (path.nexthops.every((nexthop) => leadsInside(this.#context, { path, nexthop }))) return true;
    if (held.tables.has(target.table) && isPlacedBy(held, { path, target })) return true;
    // The kernel takes no route with a source that is not the host's: that is a mirror which has outlived its address.
    return prefsrc !== undefined && !locals.has(prefsrc);
  }

  /** Whether the key lies in a network of the target's own: main routes it elsewhere, and the network must not take it. */
  #isCutOut(key: number, { ifindex }: Target): boolean {
    return this.#context.networks.get(ifindex)?.covers(key, this.#store.keys) ?? false;
  }

  /** Whether a ban that is copied lies above this key, so that main's route here must pierce it. */
  #isBanned(key: number): boolean {
    return this.#context.bans.covers(key, this.#store.keys);
  }

  /** Main's throw says that main has no route; from a table that is closed it would lead to main's others. */
  #ban(id: number): number {
    const { paths } = this.#store, path = paths.get(id);
    const isOpen = path.type === TYPE.throw && this.#context.isolate;
    return isOpen ? paths.intern({ ...path, type: TYPE.unreachable }) : id;
  }

  /** The path that stands in for one that the kernel refuses: main decides; in a closed table, only about what is inside. */
  standIn(id: number): number {
    const { isolate, inside } = this.#context;
    const leavesOut = devices(this.#store.paths.get(id)).some((ifindex) => !inside.has(ifindex));
    return this.#bare(isolate && leavesOut ? TYPE.unreachable : TYPE.throw);
  }

  /** Whether a path is one that main has no message for. */
  isBare(id: number): boolean {
    return id === this.#bare(TYPE.throw) || id === this.#bare(TYPE.unreachable);
  }

  #bare(type: number): number {
    return this.#store.paths.intern(barePath(type, this.#context));
  }
}
