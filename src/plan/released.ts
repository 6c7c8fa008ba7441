/** What becomes of tables of ours that nobody needs any more. */

import type { Rule } from "../model/records.ts";
import type { Locals } from "./locals.ts";
import type { Target } from "./mirror.ts";
import type { Observed } from "./observed.ts";
import type { Options } from "./options.ts";
import { vrfOf } from "./vrf.ts";

/**
 * The tables of ours that are no target's. Such a table is the interface's that its number says, or, where an option has
 * changed, the one's whose address the rule has; else that of one that has gone. One of no interface, to which somebody
 * else's rule leads as well, is not ours to empty. Of one that is a VRF's by now, only what can be told to be ours goes.
 */
export function releasedTables(tables: Iterable<number>, work: ReleaseWork): Target[] {
  const { observed, options, led, oursByTable, locals } = work;
  const holders = new Map(observed.addresses.toReversed().map(({ ip, ifindex }) => [ip, ifindex]));
  const vrfTables = new Set([...observed.links.values()].map(({ vrfTable }) => vrfTable));
  return [...tables].flatMap((table): Target[] => {
    const [owner] = (oursByTable.get(table) ?? [])
      .flatMap((rule) => locals.of(rule).flatMap((ip) => holders.get(ip) ?? []));
    const byNumber = table - options.tableBase;
    const ifindex = observed.links.has(byNumber) ? byNumber : owner ?? Math.max(byNumber, 0);
    if (vrfTables.has(table)) {
      const link = observed.links.get(ifindex);
      const isOutside = link && !vrfOf(link, observed.links);
      return isOutside ? [{ table, ifindex, exact: true }] : [];
    }
    return ifindex === 0 && led.has(table) ? [] : [{ table, ifindex }];
  });
}

/** What it is told by. */
export interface ReleaseWork {
  readonly observed: Observed;
  readonly options: Options;
  readonly locals: Locals;
  /** Tables that others' rules lead to. */
  readonly led: ReadonlySet<number>;
  readonly oursByTable: ReadonlyMap<number, readonly Rule[]>;
}
