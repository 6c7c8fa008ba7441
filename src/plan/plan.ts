/** From what the kernel has to what it should have: roles, tables, rules, and a reason for whatever is left out. */

import { FAMILIES, type Family } from "../model/address.ts";
import { partition } from "../model/lists.ts";
import { devices } from "../model/paths.ts";
import type { Link, Rule } from "../model/records.ts";
import { arpNotes } from "./arp.ts";
import { Bans, findBans } from "./bans.ts";
import { isOfTheWorld, localAddresses, networksOf } from "./addresses.ts";
import { findConflict, findStranger } from "./conflict.ts";
import { type Held, type HeldFamily, NOTHING_HELD } from "./held.ts";
import { Locals, Ways } from "./locals.ts";
import { Mirror, type Target } from "./mirror.ts";
import { neighbourNotes } from "./neighbours.ts";
import type { Note } from "./note.ts";
import type { Observed } from "./observed.ts";
import { type Options, takesPart } from "./options.ts";
import { isOurs } from "./ownership.ts";
import { reasonsOf } from "./reasons.ts";
import { releasedTables } from "./released.ts";
import { isTunnel, roleOf, type Verdict } from "./roles.ts";
import { sourceRules } from "./rules.ts";
import { vrfOf } from "./vrf.ts";

/** What the kernel should have. */
export interface Plan {
  readonly families: Readonly<Record<Family, FamilyPlan>>;
  readonly notes: readonly Note[];
}

export interface FamilyPlan {
  readonly family: Family;
  readonly targets: readonly Target[];
  /** Tables that are ours and no target's, to be emptied: each with its interface, where it has one (else 0). */
  readonly released: readonly Target[];
  /** Whether one of them is to be taken again as soon as it is empty. */
  readonly postponed: boolean;
  /** Tables that somebody else has, as long as they are not empty or their rules stay. */
  readonly contested: readonly number[];
  readonly rules: readonly Rule[];
  readonly inside: ReadonlySet<number>;
  readonly sources: ReadonlyMap<string, number>;
  readonly ways: Ways;
  readonly mirror: Mirror;
  /** What it was made with. */
  readonly held: HeldFamily;
  /** All that the routes of every table depend on beside main, as one text: equal texts, equal routes. */
  readonly signature: string;
}

export function plan(observed: Observed, options: Options, held: Held = NOTHING_HELD): Plan {
  const notes: Note[] = [];
  const of = (family: Family) => planFamily(family, { observed, options, notes, held: held[family] });
  return { families: { 4: of(4), 6: of(6) }, notes };
}

/** The plan that leaves nothing of ours: the same, with no interface taking part. */
export function planFlush(observed: Observed, options: Options, held: Held = NOTHING_HELD): Plan {
  return { ...plan(observed, { ...options, interfaces: [] }, held), notes: [] };
}

interface Work {
  readonly observed: Observed;
  readonly options: Options;
  readonly notes: Note[];
  readonly held: HeldFamily;
}

function planFamily(family: Family, work: Work): FamilyPlan {
  const { observed, options, notes } = work;
  const { rules, store, facts } = observed.families[family];
  const verdicts = judge(family, work);
  const inside = new Set(
    [...verdicts].filter(([, { role }]) => role === "inside").map(([ifindex]) => ifindex),
  );
  const tunnels = new Set(
    [...verdicts].filter(([ifindex, { role }]) => role === "uplink" && isTunnel(observed.links.get(ifindex)!))
      .map(([ifindex]) => ifindex),
  );
  const networks = networksOf(family, observed);
  const addresses = localAddresses(family, { ...work, inside });
  const sources = new Map(addresses.map(({ ip, ifindex }) => [ip, ifindex]));
  const bans = facts.hasBans() ? findBans(store) : new Bans();
  const used = store.mainPaths().flatMap((id) => devices(store.paths.get(id)));
  const down = new Set(used.filter((ifindex) => observed.links.get(ifindex)?.up === false));
  const anyIp = [...facts.anyIpKeys].map((key) => store.keys.text(key));
  const texts = new Set([...observed.addresses.map(({ ip }) => ip), ...anyIp]);
  const locals = new Locals(family, texts);
  const mirror = new Mirror(
    {
      family,
      inside,
      tunnels,
      networks,
      down,
      sources,
      locals: texts,
      held: work.held,
      bans,
      metrics: options.metrics,
      isolate: options.isolate,
      protocol: options.protocol,
    },
    store,
  );

  notes.push(...reasonsOf(family, { observed, options, verdicts, addresses, down }));

  const [ours, others] = partition(rules, (rule) => isOurs(rule, { options, addresses: observed.addresses }));
  const led = new Set(others.map((rule) => rule.table));
  const held = new Set(
    [...work.held.tables].filter((table) => facts.tableSize(table) > 0 && !led.has(table)),
  );
  const oursByTable = Map.groupBy(ours, (rule) => rule.table);
  const ourTables = new Set(oursByTable.keys()).union(held);
  const byLink = Map.groupBy(addresses, ({ ifindex }) => ifindex);
  const targets: Target[] = [];
  const contested: number[] = [];
  const tables = new Map<string, number>();
  let postponed = false;
  for (const [ifindex, { role }] of verdicts) {
    const link = observed.links.get(ifindex)!;
    const own = byLink.get(ifindex);
    if (role === "inside" || !own || !takesPart(link.name, options)) continue;
    const target = { ifindex, table: options.tableBase + ifindex };
    const circumstances = { observed, family, ourTables, others, mirror };
    const conflict = findConflict(target, circumstances);
    if (conflict) {
      notes.push({ kind: conflict.kind, text: `${link.name} (IPv${family}): skipped: ${conflict.text}` });
      contested.push(target.table);
      continue;
    }
    // Rules that mislead go first: if all to a table do, none says whose it is unless it is emptied before.
    const heirless = oursByTable.get(target.table) ?? [];
    const isAnothers = (rule: Rule) => {
      const concerned = locals.of(rule);
      return concerned.length > 0 && !concerned.some((ip) => sources.get(ip) === ifindex);
    };
    if (facts.tableSize(target.table) > 0 && heirless.length > 0 && heirless.every(isAnothers)) {
      postponed = true;
      continue;
    }
    const stranger = findStranger(target, circumstances);
    if (stranger) notes.push(stranger);
    targets.push(target);
    for (const { ip } of own) tables.set(ip, target.table);
  }
  const taken = new Set(targets.map(({ ifindex }) => ifindex));
  if (family === 4) notes.push(...arpNotes(observed, (ifindex) => taken.has(ifindex)));
  const desired = sourceRules({ family, observed, options, addresses, tables });
  notes.push(
    ...neighbourNotes(others, { desired, steered: tables.keys() }),
  );
  const inUse = new Set(targets.map(({ table }) => table));
  const released = releasedTables(ourTables.difference(inUse), { ...work, led, oursByTable, locals });
  return {
    family,
    targets,
    released,
    postponed,
    contested,
    rules: desired,
    inside,
    sources,
    ways: new Ways(locals, { tables, sources }),
    mirror,
    held: work.held,
    signature: JSON.stringify([
      targets,
      [...inside],
      [...tunnels],
      [...networks],
      [...down],
      [...sources],
      facts.banVersion,
      released,
    ]),
  };
}

function judge(family: Family, { observed, options, notes }: Work): Map<number, Verdict> {
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

/** Whether a conflict has left out every interface that would take part. */
export function allInConflict({ families, notes }: Plan): boolean {
  return notes.some(({ kind }) => kind === "conflict") &&
    FAMILIES.every((family) => families[family].targets.length === 0);
}
