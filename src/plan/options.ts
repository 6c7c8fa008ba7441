/** What the plan can be told. */

import { matchesGlob } from "../model/glob.ts";
import type { MetricOverride } from "../model/metrics.ts";

/** Leads to the world; to one network; to networks inside or behind this host. */
export type Role = "uplink" | "stub" | "inside";

/** A rule for each local address, or for each on-link prefix. */
export type Rules = "per-address" | "per-prefix";

export interface Options {
  /** Which interfaces take part: one of these patterns, */
  readonly interfaces: readonly string[];
  /** and none of these. */
  readonly exclude: readonly string[];
  /** The first pattern that fits decides an interface's role. */
  readonly roles: readonly { readonly glob: string; readonly role: Role }[];
  /** Metrics that every mirrored route gets. */
  readonly metrics: readonly MetricOverride[];
  /** Whether the tables are closed: what has no route in its own goes nowhere. */
  readonly isolate: boolean;
  readonly rules: Rules;
  /** An interface's table is this plus its ifindex. */
  readonly tableBase: number;
  /** Of the source rules. */
  readonly priority: number;
  /** Whether connections are marked with the uplink that they came in by, and their replies routed by that mark. */
  readonly connmark: boolean;
  /** Of the mark rules, which stand in front of the source rules. */
  readonly markPriority: number;
  /** The bits of packets' and connections' marks that are ours. */
  readonly markMask: number;
  /** FRA_PROTOCOL: what marks a rule as ours. */
  readonly protocol: number;
}

export const DEFAULTS: Options = {
  interfaces: ["*"],
  exclude: [],
  roles: [],
  metrics: [],
  isolate: false,
  rules: "per-address",
  tableBase: 1000,
  priority: 27200,
  connmark: false,
  markPriority: 27000,
  markMask: 0x7f000000,
  protocol: 115,
};

/** Whether an interface of that name takes part. */
export function takesPart(name: string, { interfaces, exclude }: Options): boolean {
  return interfaces.some((glob) => matchesGlob(name, glob)) &&
    !exclude.some((glob) => matchesGlob(name, glob));
}
