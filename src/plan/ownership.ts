/** What is ours, told by its form alone. */

import { ACTION_LOOKUP, type Address, PROTOCOL, type Rule } from "../model/records.ts";
import type { Options } from "./options.ts";

/** Tables below are other programs' whatever a rule says: 0, and 253 to 255, are the kernel's. */
export const LOWEST_TABLE = 256;
/** The last in front of main's rule. */
export const LAST_PRIORITY = 32765;
/** Rules of prefixes stand behind the others. */
export const HIGHEST_PRIORITY = LAST_PRIORITY - 1;
/**
 * So many priorities are the source rules': that of addresses, and behind it one for each depth of AnyIP prefixes inside
 * each other, more than anybody has. A number of its own, and not what is in use: what stands behind them never moves.
 */
const SOURCE_PRIORITIES = 100;
/** The highest priority of source rules that has room behind them. */
export const HIGHEST_WITH_ROOM = LAST_PRIORITY - SOURCE_PRIORITIES;
/** The table base of symrouted 1.0. */
const FIRST_BASE = 1000;

/** The priority that source rules do not go beyond. */
export function lastOfSources({ priority }: Options): number {
  return Math.min(priority + SOURCE_PRIORITIES - 1, LAST_PRIORITY);
}

/** The priority at which packets go on whose connections main is to answer: behind all source rules. */
export function pastSources({ priority }: Options): number {
  return priority + SOURCE_PRIORITIES;
}

/** Whether symrouted wrote the rule: this one, with whatever numbers, or the first version. */
export function isOurs(
  rule: Rule,
  { options, addresses }: { options: Options; addresses: readonly Address[] },
): boolean {
  if (!isSourceForm(rule)) return false;
  if (rule.protocol === options.protocol) return true;
  return rule.protocol === PROTOCOL.unspec &&
    addresses.some(({ ip, ifindex }) => ip === rule.from && rule.table === FIRST_BASE + ifindex);
}

/** From one address or prefix to a table, with no other selector but `iif lo`: what this host sends itself. */
function isSourceForm(rule: Rule): boolean {
  return rule.action === ACTION_LOOKUP && rule.table >= LOWEST_TABLE && rule.from !== undefined &&
    (rule.iif === undefined || rule.iif === "lo") &&
    [rule.to, rule.oif, rule.fwmark, rule.fwmask, rule.tos, rule.goto, rule.l3mdev, rule.more]
      .every((selector) => selector === undefined);
}
