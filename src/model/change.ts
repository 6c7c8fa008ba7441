/** Changes to what the kernel has. */

import type { Family } from "./address.ts";
import type { Rule } from "./records.ts";

/** One step. Routes are told by the numbers of their store's key and path. */
export type Change = RuleChange | RouteChange;

export interface RuleChange {
  readonly op: "add-rule" | "delete-rule";
  readonly rule: Rule;
}

/**
 * - `append`, `prepend` (IPv4 alone): behind or in front of the routes of equal key and metric
 * - `replace`: the first route of that key and metric; in IPv6, which has one, it need not be there yet
 * - `delete`
 */
export interface RouteChange extends RouteOfTable {
  readonly op: "append" | "prepend" | "replace" | "delete";
}

/** A route by the numbers of its store's key and path. */
export interface RouteOfTable {
  readonly family: Family;
  readonly table: number;
  readonly key: number;
  readonly metric: number;
  readonly path: number;
}
