/** Which tables are followed, and which of their routes may have vanished without a word of the kernel's. */

import type { Listener } from "./listener.ts";
import { FAMILIES, type Family } from "./model/address.ts";
import { TABLE } from "./model/records.ts";
import type { Stores } from "./model/store.ts";
import { tablesToRead } from "./plan/addresses.ts";
import type { Observed } from "./plan/observed.ts";
import type { Options } from "./plan/options.ts";
import { anyPathBy, devicesOfSources, type Stale } from "./stale.ts";

interface Surroundings {
  readonly stores: Stores;
  readonly listener: Listener;
  readonly stale: Stale;
  readonly options: Options;
}

export class Watch {
  readonly #stores: Stores;
  readonly #listener: Listener;
  readonly #stale: Stale;
  readonly #options: Options;
  #routesVersion = 0;

  constructor({ stores, listener, stale, options }: Surroundings) {
    this.#stores = stores;
    this.#listener = listener;
    this.#stale = stale;
    this.#options = options;
  }

  /** Turns what may have vanished untold, and tables that are new to us, into doubts. */
  suspect(observed: Observed): void {
    const stale = this.#stale;
    for (const family of FAMILIES) this.#chooseTables(family, observed);
    for (const ifindex of devicesOfSources(this.#stores[4], stale.goneSources[4])) stale.lost.add(ifindex);
    for (const ifindex of devicesOfSources(this.#stores[6], stale.goneSources[6])) {
      this.#doubtRoutes(6, { observed, ifindex });
    }
    for (const ifindex of stale.takeLost()) {
      if (anyPathBy(this.#stores[4], ifindex)) this.#doubtRoutes(4, { observed, ifindex });
      // A group of next hop objects loses its next hop untold in IPv6 as well.
      if (anyPathBy(this.#stores[6], ifindex, { nexthops: 2 })) this.#doubtRoutes(6, { observed, ifindex });
    }
    if (stale.nexthopChanged) { for (const family of FAMILIES) this.#doubtRoutes(family, { observed }); }
    stale.nexthopChanged = false;
    for (const family of FAMILIES) stale.goneSources[family].clear();
  }

  /**
   * The same, where routes have changed that name a table which may not have been read: AnyIP routes; where connections are
   * marked, also those of main that make an uplink.
   */
  suspectByRoutes(observed: Observed): void {
    const versionOf = (family: Family) => {
      const { facts } = observed.families[family];
      return this.#options.connmark ? facts.version : facts.anyIpVersion;
    };
    const version = versionOf(4) + versionOf(6);
    if (version === this.#routesVersion) return;
    this.#routesVersion = version;
    this.suspect(observed);
  }

  /** Has every table that is followed read again. */
  doubtAll(): void {
    for (const family of FAMILIES) {
      for (const table of this.#listener.watched[family]) this.#stale.doubt({ family, table });
    }
  }

  #chooseTables(family: Family, observed: Observed): void {
    const { forwarding, facts } = observed.families[family], watched = this.#listener.watched[family];
    // The kernel does not have the family.
    if (forwarding === undefined) return;
    const wanted = new Set(tablesToRead(observed, { family, options: this.#options }));
    for (const table of wanted.difference(watched)) {
      this.#listener.watch(family, table);
      this.#stale.doubt({ family, table });
    }
    // On a host where interfaces come and go there is no end of tables.
    for (const table of watched.difference(wanted)) {
      if (facts.tableSize(table) === 0) this.#listener.forget(family, table);
    }
  }

  #doubtRoutes(family: Family, { observed, ifindex }: { observed: Observed; ifindex?: number }): void {
    const { facts } = observed.families[family];
    for (const table of this.#listener.watched[family]) {
      const isEmpty = table === TABLE.local
        ? !facts.hasAnyIp()
        : table !== TABLE.main && facts.tableSize(table) === 0;
      if (!isEmpty) this.#stale.doubt({ family, table, ifindex });
    }
  }
}
