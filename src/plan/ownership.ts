/** What is ours, told by its form alone. */

import { FAMILIES, type Family } from "../model/address.ts";
import { MarkSpace } from "../model/marks.ts";
import {
  ACTION_GOTO,
  ACTION_LOOKUP,
  ACTION_NOP,
  type Address,
  PROTOCOL,
  type Rule,
} from "../model/records.ts";
import type { Observed } from "./observed.ts";
import type { Options } from "./options.ts";

/** Tables below are other programs' whatever a rule says: 0, and 253 to 255, are the kernel's. */
export const LOWEST_TABLE = 256;
/** Protocols below mean the kernel, `ip` and the like (linux/rtnetlink.h). */
export const LOWEST_PROTOCOL = 5;
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
  if (rule.protocol === options.protocol) {
    return isSourceForm(rule) || isMarkForm(rule, options.markMask) || isGoal(rule);
  }
  return isSourceForm(rule) && rule.protocol === PROTOCOL.unspec &&
    addresses.some(({ ip, ifindex }) => ip === rule.from && rule.table === FIRST_BASE + ifindex);
}

/** The rules of ours that the kernel has. */
export function oursOf(
  family: Family,
  { observed, options }: { observed: Observed; options: Options },
): readonly Rule[] {
  const { addresses, families } = observed;
  return families[family].rules.filter((rule) => isOurs(rule, { options, addresses }));
}

/** How many rules of ours, and routes in tables of ours, the kernel has. */
export function inPlace(observed: Observed, options: Options): { rules: number; routes: number } {
  let rules = 0, routes = 0;
  for (const family of FAMILIES) {
    const ours = oursOf(family, { observed, options }), { facts } = observed.families[family];
    rules += ours.length;
    for (const table of new Set(tablesOf(ours))) routes += facts.tableSize(table);
  }
  return { rules, routes };
}

/** The tables of ours: those that rules of ours look up. */
export function tablesOf(ours: readonly Rule[]): number[] {
  return ours.filter(({ action }) => action === ACTION_LOOKUP).map(({ table }) => table);
}

/** From one address or prefix to a table, with no other selector but `iif lo`: what this host sends itself. */
export function isSourceForm(rule: Rule): boolean {
  return isLookup(rule) && rule.from !== undefined && (rule.iif === undefined || rule.iif === "lo") &&
    hasNone(rule, ["to", "oif", "fwmark", "fwmask", "tos", "goto", "l3mdev", "more"]);
}

/** From a mark within that mask to a table or on to another rule, with no other selector. */
export function isMarkForm(rule: Rule, mask: number): boolean {
  const { fwmark = 0, fwmask, action } = rule, space = new MarkSpace(mask);
  return fwmask === mask && (space.isUplinks(fwmark) || fwmark === space.main) &&
    (action === ACTION_GOTO || (isLookup(rule) && rule.goto === undefined)) &&
    hasNone(rule, ["from", "to", "iif", "oif", "tos", "l3mdev", "more"]);
}

/** Does nothing, and has no selector: a place to go on at. */
function isGoal(rule: Rule): boolean {
  return rule.action === ACTION_NOP &&
    hasNone(rule, ["from", "to", "iif", "oif", "fwmark", "fwmask", "tos", "goto", "l3mdev", "more"]);
}

function isLookup({ action, table }: Rule): boolean {
  return action === ACTION_LOOKUP && table >= LOWEST_TABLE;
}

function hasNone(rule: Rule, selectors: readonly (keyof Rule)[]): boolean {
  return selectors.every((selector) => rule[selector] === undefined);
}
