/** All that was observed, in the syntax of `ip`. */

import { namesOf, storedRouteText } from "./describe.ts";
import type { Host } from "./host.ts";
import { FAMILIES } from "./model/address.ts";
import { addressText, linkText, ruleText } from "./model/text.ts";

/** Links, addresses, rules, and the routes of every table that matters here, as lines. */
export function dumpLines(host: Host): string[] {
  const { links, addresses, families } = host.observed;
  const names = namesOf(links);
  const lines = ["# links", ...[...links.values()].map(linkText)];
  lines.push("# addresses", ...addresses.map((address) => addressText(address, names)));
  for (const family of FAMILIES) {
    const { rules, store } = families[family];
    lines.push(`# IPv${family} rules`, ...rules.map((rule) => `${rule.priority}: ${ruleText(rule)}`));
    lines.push(`# IPv${family} routes`);
    for (const slot of store.slots()) {
      const [key, table] = [store.keyOf(slot), store.table(slot)];
      const route = { family, table, key, metric: store.metric(slot), path: store.path(slot) };
      lines.push(storedRouteText(route, { stores: host.stores, names }));
    }
  }
  return lines;
}
