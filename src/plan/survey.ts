/** What one family of a host comes to, up to the interfaces that are to have a table. */

import { Above } from "../model/above.ts";
import type { Family } from "../model/address.ts";
import { partition } from "../model/lists.ts";
import { markSubject } from "../model/subject.ts";
import { devices } from "../model/paths.ts";
import type { Address, Rule } from "../model/records.ts";
import { localAddresses, networksOf } from "./addresses.ts";
import { findBans } from "./bans.ts";
import { findConflict, findStranger } from "./conflict.ts";
import type { HeldFamily } from "./held.ts";
import { Locals } from "./locals.ts";
import type { Claims } from "./marks.ts";
import { Mirror, type Target } from "./mirror.ts";
import type { Note } from "./note.ts";
import type { Observed } from "./observed.ts";
import { type Options, takesPart } from "./options.ts";
import { isOurs, tablesOf } from "./ownership.ts";
import { reasonsOf } from "./reasons.ts";
import { isTunnel, type Verdict } from "./roles.ts";
import { judge } from "./verdicts.ts";

export interface Work {
  readonly family: Family;
  readonly observed: Observed;
  readonly options: Options;
  readonly notes: Note[];
  readonly held: HeldFamily;
  readonly claims: Claims;
}

export interface Survey {
  readonly work: Work;
  readonly verdicts: ReadonlyMap<number, Verdict>;
  readonly inside: ReadonlySet<number>;
  readonly addresses: readonly Address[];
  /** From a local address to the interface that has it. */
  readonly sources: ReadonlyMap<string, number>;
  /** The same for all that rules are about, the marks too. */
  readonly owners: ReadonlyMap<string, number>;
  readonly locals: Locals;
  readonly mirror: Mirror;
  /** Of the rules that the kernel has, those that are not ours. */
  readonly others: readonly Rule[];
  /** The tables that they lead to. */
  readonly led: ReadonlySet<number>;
  readonly oursByTable: ReadonlyMap<number, readonly Rule[]>;
  readonly ourTables: ReadonlySet<number>;
  /** What the routes of every table depend on, beside main, targets and what is released. */
  readonly circumstances: readonly unknown[];
}

export function survey(work: Work): Survey {
  const { family, observed, options, notes } = work;
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
  const bans = findBans(observed.families[family]);
  const used = store.mainPaths().flatMap((id) => devices(store.paths.get(id)));
  const down = new Set(used.filter((ifindex) => observed.links.get(ifindex)?.up === false));
  const anyIp = [...facts.anyIpKeys].map((key) => store.keys.text(key));
  const texts = new Set([...observed.addresses.map(({ ip }) => ip), ...anyIp]);
  const mirror = new Mirror(
    {
      family,
      inside,
      tunnels,
      networks: new Map([...networks].map(([ifindex, prefixes]) => [ifindex, Above.of(prefixes)])),
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
  const ourTables = new Set(tablesOf(ours));
  const marks = Array.from(work.claims, ([ifindex, mark]) => [markSubject(mark), ifindex] as const);
  return {
    work,
    verdicts,
    inside,
    addresses,
    sources,
    owners: new Map([...sources, ...marks]),
    locals: new Locals(family, texts),
    mirror,
    others,
    led,
    oursByTable: Map.groupBy(ours.filter(({ table }) => ourTables.has(table)), ({ table }) => table),
    ourTables: ourTables.union(held),
    circumstances: [[...inside], [...tunnels], [...networks], [...down], [...sources], facts.banVersion],
  };
}

export interface Choice {
  readonly targets: readonly Target[];
  /** Whether a table is to be taken again as soon as it is empty. */
  readonly postponed: boolean;
  /** Tables that somebody else has. */
  readonly contested: readonly number[];
}

/** The interfaces that are to have a table: those with addresses to answer from and, where there are marks, all that lead out. */
export function chooseTargets(survey: Survey): Choice {
  const { work, verdicts, locals, owners, oursByTable } = survey;
  const { family, observed, options, notes } = work, { facts, forwarding } = observed.families[family];
  const addressed = new Set(survey.addresses.map(({ ifindex }) => ifindex));
  const isMarking = options.connmark && forwarding !== undefined;
  const targets: Target[] = [], contested: number[] = [];
  let postponed = false;
  for (const [ifindex, { role }] of verdicts) {
    const link = observed.links.get(ifindex)!;
    if (role === "inside" || !takesPart(link.name, options)) continue;
    if (!isMarking && !addressed.has(ifindex)) continue;
    const target = { ifindex, table: options.tableBase + ifindex, role };
    const circumstances = { ...survey, observed, family };
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
      return concerned.length > 0 && !concerned.some((subject) => owners.get(subject) === ifindex);
    };
    if (facts.tableSize(target.table) > 0 && heirless.length > 0 && heirless.every(isAnothers)) {
      postponed = true;
      continue;
    }
    const stranger = findStranger(target, circumstances);
    if (stranger) notes.push(stranger);
    targets.push(target);
  }
  return { targets, contested, postponed };
}
