/** What is left out though one might look for it, and why, in words. */

import type { Family } from "../model/address.ts";
import type { Address } from "../model/records.ts";
import type { Note } from "./note.ts";
import type { Observed } from "./observed.ts";
import { type Options, takesPart } from "./options.ts";
import type { Verdict } from "./roles.ts";

interface Work {
  readonly observed: Observed;
  readonly options: Options;
  /** By ifindex; none for what a VRF has. */
  readonly verdicts: ReadonlyMap<number, Verdict>;
  /** Those that one interface alone has. */
  readonly addresses: readonly Address[];
  /** The interfaces that main has routes by although they are down. */
  readonly down: ReadonlySet<number>;
}

export function reasonsOf(family: Family, work: Work): Note[] {
  const { observed, options, verdicts, addresses, down } = work;
  const { facts } = observed.families[family];
  const addressed = new Set(addresses.map(({ ifindex }) => ifindex));
  const texts: string[] = [];
  for (const [ifindex, { role }] of verdicts) {
    const link = observed.links.get(ifindex)!, about = `${link.name} (IPv${family}): `;
    const isInside = role === "inside";
    if (down.has(ifindex)) texts.push(`${about}its next hops are skipped: it is down`);
    if (isInside && (facts.hasDefault(ifindex) || facts.coversWorld(ifindex))) {
      texts.push(`${about}its ways to the world are not shared: only networks inside are`);
    }
    // Where connections are marked it has a table all the same.
    if (!isInside && !options.connmark && !addressed.has(ifindex) && takesPart(link.name, options)) {
      texts.push(`${about}skipped: it has no address to answer from`);
    }
  }
  for (const { ip, ifindex } of addresses) {
    const name = observed.links.get(ifindex)?.name, role = verdicts.get(ifindex)?.role;
    if (name === undefined || role === undefined) continue;
    const about = `${ip} (${name}): skipped: ${name} is`;
    if (role === "inside") texts.push(`${about} inside: main decides for its addresses`);
    else if (!takesPart(name, options)) texts.push(`${about} left out by option`);
  }
  return texts.map((text) => ({ kind: "reason", text }));
}
