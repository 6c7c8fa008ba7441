/** What has to be read again: set by notifications, cleared by reading. */

import type { Family } from "./model/address.ts";

/** Routes to be read again: of one table, where given only those that leave by one interface. */
export interface Doubt {
  readonly family: Family;
  readonly table: number;
  readonly ifindex?: number;
}

export class Stale {
  links = true;
  addresses = true;
  forwarding = true;
  rules = true;
  /** Interfaces whose IPv4 routes may have vanished, which the kernel does not tell. */
  readonly lost = new Set<number>();
  /** A next hop object, or an address that routes had as their source, has gone: more IPv4 routes may have vanished. */
  addressGone = false;
  nexthopGone = false;
  readonly #doubts = new Map<string, Doubt>();

  get any(): boolean {
    return this.links || this.addresses || this.forwarding || this.rules ||
      this.lost.size > 0 || this.addressGone || this.nexthopGone || this.#doubts.size > 0;
  }

  everything(): void {
    this.links =
      this.addresses =
      this.forwarding =
      this.rules =
        true;
  }

  doubt(doubt: Doubt): void {
    this.#doubts.set(`${doubt.family} ${doubt.table} ${doubt.ifindex ?? ""}`, doubt);
  }

  takeDoubts(): Doubt[] {
    const doubts = [...this.#doubts.values()];
    this.#doubts.clear();
    return doubts;
  }

  takeLost(): number[] {
    const lost = [...this.lost];
    this.lost.clear();
    return lost;
  }
}
