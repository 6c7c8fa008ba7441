/** What the plan is made from. */

import type { Family } from "../model/address.ts";
import type { Address, Arp, Link, Rule } from "../model/records.ts";
import type { RouteStore } from "../model/store.ts";
import type { MainFacts } from "../model/facts.ts";

/** What the kernel has. */
export interface Observed {
  readonly links: ReadonlyMap<number, Link>;
  readonly addresses: readonly Address[];
  /** Of the interfaces that share an IPv4 network with another; of others it does not matter. */
  readonly arp: ReadonlyMap<number, Arp>;
  /** The mark that the kernel's ruleset of ours remembers for each name of an interface. */
  readonly marks: ReadonlyMap<string, number>;
  readonly families: Readonly<Record<Family, ObservedFamily>>;
}

export interface ObservedFamily {
  /** Undefined where the kernel does not have the family. */
  readonly forwarding: boolean | undefined;
  /** In the order in which the kernel tries them. */
  readonly rules: readonly Rule[];
  readonly store: RouteStore;
  readonly facts: MainFacts;
  /** Whether what is absent from the rules and from that table is known to be absent. */
  readonly isProven: (table: number) => boolean;
}
