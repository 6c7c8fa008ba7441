/** What has to be read again: set by notifications, cleared by reading. */

import type { Family } from "./model/address.ts";
import { devices } from "./model/paths.ts";
import type { RouteStore } from "./model/store.ts";

/** Routes to be read again: of one table, where given only those that leave by one interface. */
export interface Doubt {
  readonly family: Family;
  readonly table: number;
  readonly ifindex?: number;
}

/** The same text for the same doubt. */
export function doubtName({ family, table, ifindex }: Doubt): string {
  return `${family} ${table} ${ifindex ?? ""}`;
}

export class Stale {
  links = true;
  addresses = true;
  forwarding = true;
  rules = true;
  /** Interfaces whose IPv4 routes may have vanished, which the kernel does not tell. */
  readonly lost = new Set<number>();
  /**
   * Addresses that have gone. Routes that have one as their source, whatever they leave by, have vanished in IPv4; in IPv6
   * they have lost their source. The kernel tells of neither, and the address may be back by now.
   */
  readonly goneSources: Readonly<Record<Family, Set<string>>> = { 4: new Set(), 6: new Set() };
  /**
   * A next hop object has gone: its IPv4 routes have vanished, and IPv6 routes have lost it, untold. Or it leads elsewhere,
   * and its routes, which tell only its number, are not told of.
   */
  nexthopChanged = false;
  readonly #doubts = new Map<string, Doubt>();

  get any(): boolean {
    return this.links || this.addresses || this.forwarding || this.rules ||
      this.lost.size > 0 || this.goneSources[4].size > 0 || this.goneSources[6].size > 0 ||
      this.nexthopChanged || this.#doubts.size > 0;
  }

  everything(): void {
    this.links =
      this.addresses =
      this.forwarding =
      this.rules =
        true;
  }

  doubt(doubt: Doubt): void {
    this.#doubts.set(doubtName(doubt), doubt);
  }

  hasDoubt(family: Family, table: number): boolean {
    return [...this.#doubts.values()].some((doubt) => doubt.family === family && doubt.table === table);
  }

  takeDoubts(): Doubt[] {
    const doubts = [...this.#doubts.values()];
    this.#doubts.clear();
    return doubts;
  }

  takeLost(): number[] {
    const lost = [...this.lost];
    this.lost.clear();
    return lost;
  }
}

/** Whether there is, or was, a route that leaves by the interface: others cannot have vanished with it. */
export function anyPathBy(
  { family, paths }: RouteStore,
  ifindex: number,
  { nexthops = 1 }: { nexthops?: number } = {},
): boolean {
  for (const path of paths.all()) {
    if (path.family === family && path.nexthops.length >= nexthops && devices(path).includes(ifindex)) {
      return true;
    }
  }
  return false;
}

/** The interfaces by which routes leave that have one of these sources. */
export function devicesOfSources({ paths, family }: RouteStore, sources: ReadonlySet<string>): Set<number> {
  const found = new Set<number>();
  if (sources.size === 0) return found;
  for (const path of paths.all()) {
    if (path.family !== family || !path.prefsrc || !sources.has(path.prefsrc)) continue;
    for (const ifindex of devices(path)) found.add(ifindex);
  }
  return found;
}
