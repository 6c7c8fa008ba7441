/** Every path once: routes that forward alike share one number. */

import { CONGESTION_CONTROL } from "./metrics.ts";
import type { Family } from "./address.ts";
import { type Attribute, type Nexthop, type Path, PREF } from "./records.ts";

/** A byte, and no 0. */
const HIGHEST_WEIGHT = 256;

/** Interns paths: equal paths have equal numbers, from 1 upwards. */
export class Paths {
  readonly #paths: (Path | undefined)[] = [undefined];
  readonly #ids = new Map<string, number>();
  readonly #free: number[] = [];

  /** The number of `path`. */
  intern(path: Path): number {
    const identity = pathIdentity(path);
    let id = this.#ids.get(identity);
    if (id === undefined) {
      id = this.#free.pop() ?? this.#paths.length;
      this.#paths[id] = path;
      this.#ids.set(identity, id);
    }
    return id;
  }

  get(id: number): Path {
    const path = this.#paths[id];
    if (!path) throw new RangeError(`no path has the number ${id}`);
    return path;
  }

  /** How many paths there are. */
  get size(): number {
    return this.#ids.size;
  }

  /** Every path. */
  *all(): Generator<Path> {
    for (const id of this.#ids.values()) yield this.get(id);
  }

  /** Forgets all paths but those with these numbers: when nobody holds another, because it is given out again. */
  retain(used: ReadonlySet<number>): void {
    for (const [identity, id] of this.#ids) {
      if (used.has(id)) continue;
      this.#ids.delete(identity);
      this.#paths[id] = undefined;
      this.#free.push(id);
    }
  }
}

function pathIdentity(path: Path): string {
  const { family, type, protocol, scope, prefsrc, metrics, attributes } = path;
  return JSON.stringify([
    family,
    type,
    protocol,
    scope,
    prefsrc,
    // Siblings have no order in IPv6: the kernel tells of them in another one each time.
    family === 6 ? path.nexthops.map(nexthopIdentity).sort() : path.nexthops.map(nexthopIdentity),
    metrics,
    attributes.map(attributeIdentity),
  ]);
}

function nexthopIdentity({ ifindex, gateway, weight, flags, attributes }: Nexthop): string {
  return JSON.stringify([ifindex, gateway, weight, flags, attributes.map(attributeIdentity)]);
}

function attributeIdentity({ type, hex }: Attribute) {
  return [type, hex];
}

/** The path of a ban: a throw sends packets on to the next rule, so, in the end, to main. `type`: `RTN_*`. */
export function barePath(type: number, { family, protocol }: Pick<Path, "family" | "protocol">): Path {
  const attributes = family === 6 ? [{ type: PREF, hex: "00" }] : [];
  return { family, type, protocol, scope: 0, nexthops: [], metrics: [], attributes };
}

/** The ifindexes that a path leaves by, each once. */
export function devices(path: Path): number[] {
  return [...new Set(path.nexthops.map((nexthop) => nexthop.ifindex))];
}

/** `path` with only those next hops; one that remains alone has no weight. */
export function withNexthops(path: Path, nexthops: readonly Nexthop[]): Path {
  return { ...path, nexthops: nexthops.length === 1 ? [{ ...nexthops[0], weight: 1 }] : nexthops };
}

/**
 * The next hops as a route without a next hop object takes them: in IPv6 each once (rt6_duplicate_nexthop), where a group of
 * objects may have one twice; its weights are added.
 */
export function asTaken(family: Family, nexthops: readonly Nexthop[]): readonly Nexthop[] {
  if (family === 4 || nexthops.length < 2) return nexthops;
  const taken = new Map<string, Nexthop>();
  for (const nexthop of nexthops) {
    const identity = nexthopIdentity({ ...nexthop, weight: 0, flags: 0 });
    const weight = nexthop.weight + (taken.get(identity)?.weight ?? 0);
    taken.set(identity, { ...nexthop, weight: Math.min(weight, HIGHEST_WEIGHT) });
  }
  return taken.size === nexthops.length ? nexthops : [...taken.values()];
}

/**
 * What is left of a multipath route when the next hops of `gone` leave it; undefined where it does not have all of them.
 * IPv6 tells of siblings one by one, without their weights.
 */
export function withoutNexthops(path: Path, gone: Path): Path | undefined {
  const rest = [...path.nexthops];
  for (const nexthop of gone.nexthops) {
    const at = rest.findIndex((one) => sameDestination(one, nexthop));
    if (at < 0) return undefined;
    rest.splice(at, 1);
  }
  return rest.length === 0 ? undefined : withNexthops(path, rest);
}

/** Whether every next hop of `part` is one of `whole`. */
export function hasNexthops(whole: Path, part: Path): boolean {
  return part.nexthops.every((nexthop) => whole.nexthops.some((one) => sameDestination(one, nexthop)));
}

/** Whether both paths differ in their next hops alone. */
export function sameButNexthops(a: Path, b: Path): boolean {
  return pathIdentity({ ...a, nexthops: [] }) === pathIdentity({ ...b, nexthops: [] });
}

function sameDestination(a: Nexthop, b: Nexthop): boolean {
  return a.ifindex === b.ifindex && a.gateway === b.gateway;
}

/**
 * Whether a request to delete an IPv4 route of path `asked` fits one of the same key and metric: what it does not name
 * fits everything (fib_table_delete and fib_nh_match, net/ipv4).
 */
export function fitsDelete(asked: Path, there: Path): boolean {
  if (asked.type !== there.type || asked.scope !== there.scope) return false;
  if (asked.protocol !== 0 && asked.protocol !== there.protocol) return false;
  if (asked.prefsrc !== undefined && asked.prefsrc !== there.prefsrc) return false;
  const named = ({ metrics }: Path) => JSON.stringify(metrics.filter(([id]) => id !== CONGESTION_CONTROL));
  if (named(asked) !== named(there)) return false;
  // One with several next hops fits what has no others than the first of them; one with a single, what begins with it.
  const compared = asked.nexthops.length > 1 ? there.nexthops : there.nexthops.slice(0, 1);
  return compared.every((nexthop, i) => i < asked.nexthops.length && fitsNexthop(asked.nexthops[i], nexthop));
}

function fitsNexthop(asked: Nexthop, there: Nexthop): boolean {
  return asked.ifindex === there.ifindex && (asked.gateway === undefined || asked.gateway === there.gateway);
}
