/** The role of every interface, with the sentence that decided. */

import type { Family } from "../model/address.ts";
import type { Link } from "../model/records.ts";
import { isOfTheWorld } from "./addresses.ts";
import type { Note } from "./note.ts";
import type { Observed } from "./observed.ts";
import { type Options, takesPart } from "./options.ts";
import { roleOf, type Verdict } from "./roles.ts";
import { vrfOf } from "./vrf.ts";

/** By ifindex; none for what a VRF has. */
export function judge(
  family: Family,
  { observed, options, notes }: { observed: Observed; options: Options; notes: Note[] },
): Map<number, Verdict> {
  const { forwarding, facts } = observed.families[family];
  const gateways = facts.gatewayDevices();
  const ports = Map.groupBy(observed.links.values(), ({ master }) => master);
  const addressed = new Set(
    observed.addresses.filter((one) => one.family === family && isOfTheWorld(one)).map(({ ifindex }) =>
      ifindex
    ),
  );
  const verdicts = new Map<number, Verdict>();
  for (const link of observed.links.values()) {
    const vrf = vrfReason(link, observed.links);
    if (vrf) {
      notes.push({ kind: "reason", text: `${link.name} (IPv${family}): skipped: ${vrf}` });
      continue;
    }
    const { ifindex } = link;
    const verdict = roleOf(link, {
      family,
      forwarding: forwarding === true && !options.isolate,
      hasDefault: facts.hasDefault(ifindex),
      coversWorld: facts.coversWorld(ifindex),
      hasGateway: gateways.has(ifindex),
      hasGlobalAddress: addressed.has(ifindex),
      ports: ports.get(ifindex) ?? [],
    }, options);
    verdicts.set(ifindex, verdict);
    notes.push({ kind: "reason", text: describe(link, { family, verdict, options }) });
  }
  return verdicts;
}

function describe(link: Link, { family, verdict, options }: {
  family: Family;
  verdict: Verdict;
  options: Options;
}): string {
  const out = takesPart(link.name, options) || verdict.role === "inside" ? "" : "left out by option: ";
  return `${link.name} (IPv${family}): ${out}${verdict.role} because ${verdict.why}`;
}

function vrfReason(link: Link, links: ReadonlyMap<number, Link>): string | undefined {
  const vrf = vrfOf(link, links);
  if (!vrf) return undefined;
  return vrf === link ? "it is a VRF" : `it belongs to the VRF ${vrf.name}`;
}
