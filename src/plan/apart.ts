/** IPv6 routes of one key and one metric, kept apart. */

import type { Paths } from "../model/paths.ts";
import { PREF, PROTOCOL } from "../model/records.ts";
import type { Entry } from "./mirror.ts";

export const HIGHEST_METRIC = 0xffffffff;
/** The order of preferences: high, medium, low (RFC 4191). */
const PREF_ORDER: Readonly<Record<string, number>> = { "01": 0, "00": 1, "03": 2 };

/**
 * IPv6 routes that are apart in main, though equal in metric (as those of two routers), would become one multipath
 * route in a copy. So each gets a metric of its own, better preferences first.
 */
export function apart(entries: Entry[], paths: Paths): Entry[] {
  const order = ({ path }: Entry) => {
    const { protocol, attributes } = paths.get(path);
    const preference = attributes.find(({ type }) => type === PREF)?.hex ?? "00";
    return protocol === PROTOCOL.ra ? PREF_ORDER[preference] ?? 1 : 1;
  };
  const sorted = entries.sort((a, b) => a.metric - b.metric || order(a) - order(b));
  const metrics = sorted.map(({ metric }) => metric);
  for (let i = 1; i < metrics.length; i++) metrics[i] = Math.max(metrics[i], metrics[i - 1] + 1);
  // Behind the highest metric nothing can stand: there the better ones make room.
  const last = metrics.length - 1;
  return sorted.map(({ path }, i) => ({ metric: Math.min(metrics[i], HIGHEST_METRIC - (last - i)), path }));
}
