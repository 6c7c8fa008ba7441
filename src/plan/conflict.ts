/** Whether a table is somebody else's. */

import type { Family } from "../model/address.ts";
import { devices, hasNexthops, sameButNexthops } from "../model/paths.ts";
import { type Rule, TABLE } from "../model/records.ts";
import type { RouteStore } from "../model/store.ts";
import { routeText, ruleText } from "../model/text.ts";
import type { Mirror, Target } from "./mirror.ts";
import type { Note } from "./note.ts";
import type { Observed } from "./observed.ts";

interface Circumstances {
  readonly observed: Observed;
  readonly family: Family;
  /** The tables that are ours, and the rules that are not. */
  readonly ourTables: ReadonlySet<number>;
  readonly others: readonly Rule[];
  readonly mirror: Mirror;
}

/** Why a table cannot be taken; undefined where it can, or is ours already. */
export function findConflict(target: Target, circumstances: Circumstances): Note | undefined {
  const { observed, family, ourTables } = circumstances;
  const { table } = target;
  const vrf = [...observed.links.values()].find(({ vrfTable }) => vrfTable === table);
  if (vrf) return conflict(`table ${table} belongs to the VRF ${vrf.name}`);
  if (ourTables.has(table)) return undefined;
  const foreign = foreignRule(target, circumstances);
  if (foreign) return conflict(`table ${table} is used by the rule ${foreign}`);
  if (!observed.families[family].isProven(table)) {
    return { kind: "warning", text: `table ${table} is not known to be free while rules and routes change` };
  }
  return findRouteOfTable(target, circumstances);
}

/**
 * What is worth knowing of a table that is taken: somebody else's rule leads there, which is left alone; or it had routes
 * though no rule led to it, as when somebody removed ours.
 */
export function findStranger(target: Target, circumstances: Circumstances): Note | undefined {
  const { observed, family, ourTables } = circumstances, { table } = target;
  const rule = foreignRule(target, circumstances);
  if (rule) return { kind: "warning", text: `the rule ${rule} of another program leads to our table` };
  const size = observed.families[family].facts.tableSize(table);
  if (size === 0 || ourTables.has(table)) return undefined;
  const text =
    `table ${table} (IPv${family}) has routes and no rule: it is taken over and made what main says`;
  return { kind: "warning", text };
}

function foreignRule({ table }: Target, { others }: Circumstances): string | undefined {
  const rule = others.find((one) => one.table === table);
  return rule && `'${rule.priority}: ${ruleText(rule)}'`;
}

function conflict(text: string): Note {
  return { kind: "conflict", text };
}

/**
 * A route in a table that none of our rules points to, and that we would not have left there. Where another program took
 * our rules away, what is left may be old by now: then its form tells, if there is a route of the interface's beside it.
 */
function findRouteOfTable(target: Target, { observed, family, mirror }: Circumstances): Note | undefined {
  const { store, facts } = observed.families[family];
  if (facts.tableSize(target.table) === 0) return undefined;
  let isOurs = false, doubtful: number | undefined;
  for (const slot of store.slots()) {
    if (store.table(slot) !== target.table) continue;
    const [key, metric, id] = [store.keyOf(slot), store.metric(slot), store.path(slot)];
    const path = store.paths.get(id), leaves = devices(path);
    const isOwn = leaves.length === 1 && leaves[0] === target.ifindex;
    if (
      isOwn || mirror.isBare(id) ||
      mirror.wanted(key, target).some((entry) => entry.metric === metric && entry.path === id)
    ) {
      isOurs = true;
    } else if (mirror.hasForm(path, target) || mayBeShared(slot, store, mirror)) doubtful = slot;
    else return routeConflict(slot, store, observed);
  }
  return isOurs || doubtful === undefined ? undefined : routeConflict(doubtful, store, observed);
}

/** Whether main has that very route, but for its metrics: so it was put here if what it leaves by was inside once. */
function mayBeShared(slot: number, store: RouteStore, mirror: Mirror): boolean {
  const key = store.keyOf(slot), path = store.paths.get(store.path(slot));
  if (mirror.isOnlyOwn(key)) return false;
  for (let other = store.first(key); other >= 0; other = store.next(other)) {
    const there = store.paths.get(store.path(other));
    const isAlike = hasNexthops(there, path) && sameButNexthops({ ...there, metrics: path.metrics }, path);
    if (store.table(other) === TABLE.main && isAlike) return true;
  }
  return false;
}

function routeConflict(slot: number, store: RouteStore, { links }: Observed): Note {
  const [key, table, metric] = [store.keyOf(slot), store.table(slot), store.metric(slot)];
  const route = {
    destination: store.keys.text(key),
    source: store.keys.source(key),
    tos: store.keys.tos(key),
  };
  const names = (ifindex: number) => links.get(ifindex)?.name ?? `if${ifindex}`;
  const text = routeText({ ...route, table, metric, path: store.paths.get(store.path(slot)) }, names);
  return conflict(`table ${table} has the route '${text}'`);
}
