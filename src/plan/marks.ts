/** Which uplink has which mark. */

import type { Family } from "../model/address.ts";

/** An interface with a mark of its own. */
export interface MarkedUplink {
  readonly name: string;
  readonly ifindex: number;
  readonly mark: number;
  /** Those in which it has a table. */
  readonly families: readonly Family[];
}

export interface Marks {
  /** By mark, ascending. */
  readonly uplinks: readonly MarkedUplink[];
  /** By the names of interfaces, of those too that there are not now: marks that nobody else gets. */
  readonly remembered: ReadonlyMap<string, number>;
}
