/** Which addresses can be answered from, and which tables that concerns. */

import {
  bits,
  covers,
  type Family,
  formatPrefix,
  isLinkLocal,
  parsePrefix,
  type Prefix,
} from "../model/address.ts";
import { matchesGlob } from "../model/glob.ts";
import { type Address, ADDRESS_FLAG, type Rule, SCOPE, TABLE } from "../model/records.ts";
import type { RouteStore } from "../model/store.ts";
import type { Options } from "./options.ts";
import { isOurs, tablesOf } from "./ownership.ts";
import type { Note } from "./note.ts";
import type { Observed } from "./observed.ts";
import { vrfOf } from "./vrf.ts";

/** Why an address is not answered from; undefined where it is. */
function refusal(address: Address): string | undefined {
  const { family, ip, flags } = address;
  if (flags & ADDRESS_FLAG.dadfailed) return "another host has it (duplicate address detection)";
  if (flags & ADDRESS_FLAG.tentative) return "duplicate address detection is not over";
  if (isOfTheWorld(address)) return undefined;
  return family === 6 && isLinkLocal(6, parsePrefix(ip)!.words)
    ? "it is link-local"
    : "its scope is not global";
}

/** Whether an address is global, whatever becomes of its duplicate address detection. */
export function isOfTheWorld({ family, ip, scope }: Address): boolean {
  return scope === SCOPE.universe && !(family === 6 && isLinkLocal(6, parsePrefix(ip)!.words));
}

/** Whether an address can be answered from: global, and not (or not yet) refused by duplicate detection. */
export function isGlobal(address: Address): boolean {
  return refusal(address) === undefined;
}

/**
 * The addresses and AnyIP prefixes that can have a rule: those that one interface alone has, or one beside what is inside,
 * whose routes are in its table too.
 */
export function localAddresses(
  family: Family,
  { observed, inside, notes }: { observed: Observed; inside: ReadonlySet<number>; notes: Note[] },
): Address[] {
  const { store, facts } = observed.families[family];
  const nameOf = (ifindex: number) => observed.links.get(ifindex)?.name ?? String(ifindex);
  const candidates: Address[] = [];
  for (const address of observed.addresses) {
    // What a VRF has is found by its own rule and table: it may be an uplink's address as well.
    if (vrfOf(observed.links.get(address.ifindex), observed.links)) continue;
    const why = address.family === family ? refusal(address) : undefined;
    if (why) {
      notes.push({ kind: "reason", text: `${address.ip} (${nameOf(address.ifindex)}): skipped: ${why}` });
    } else if (address.family === family) candidates.push(address);
  }
  for (const key of facts.anyIpKeys) {
    const found = anyIpAddresses(store, key);
    if (store.keys.length(key) > 0) candidates.push(...found);
    else notes.push(...found.map((address) => ofEverything(address, nameOf)));
  }
  const byIp = Map.groupBy(candidates, ({ ip }) => ip);
  return [...byIp.values()].flatMap((same) => {
    const holders = new Set(same.map(({ ifindex }) => ifindex));
    const outward = same.filter(({ ifindex }) => !inside.has(ifindex));
    const isOne = holders.size === 1 || new Set(outward.map(({ ifindex }) => ifindex)).size === 1;
    if (isOne) return [outward[0] ?? same[0]];
    const names = [...holders].map(nameOf).join(" and ");
    notes.push({ kind: "reason", text: `${same[0].ip}: skipped: ${names} both have it` });
    return [];
  });
}

/** By interface, the networks of more than one address that its global addresses are in. */
export function networksOf(family: Family, { addresses }: Observed): Map<number, Prefix[]> {
  const networks = new Map<number, Map<string, Prefix>>();
  for (const address of addresses) {
    const { ifindex, ip, peer = ip, prefixLength } = address;
    if (address.family !== family || prefixLength === bits(family) || !isOfTheWorld(address)) continue;
    const network = parsePrefix(`${peer}/${prefixLength}`)!;
    const known = networks.get(ifindex) ?? new Map<string, Prefix>();
    networks.set(ifindex, known.set(formatPrefix(network), network));
  }
  return new Map([...networks].map(([ifindex, known]) => [ifindex, [...known.values()]]));
}

function ofEverything({ family, ifindex }: Address, nameOf: (ifindex: number) => string): Note {
  const about = `local default dev ${nameOf(ifindex)} (IPv${family})`;
  return { kind: "reason", text: `${about}: skipped: a rule for it would be about everybody's packets` };
}

function anyIpAddresses(store: RouteStore, key: number): Address[] {
  const found: Address[] = [];
  for (let slot = store.first(key); slot >= 0; slot = store.next(slot)) {
    if (store.table(slot) !== TABLE.local) continue;
    const [nexthop] = store.paths.get(store.path(slot)).nexthops;
    const { family } = store, prefixLength = store.keys.length(key);
    found.push({
      family,
      ifindex: nexthop.ifindex,
      ip: store.keys.text(key),
      prefixLength,
      scope: 0,
      flags: 0,
    });
  }
  return found;
}

/**
 * How far the rule of each AnyIP prefix stands behind those of addresses: of one priority the first rule that was added
 * wins, and no prefix must stand before what lies inside it.
 */
export function depths(addresses: readonly Address[]): Map<string, number> {
  const found: { ip: string; prefix: Prefix; depth: number }[] = [];
  const prefixes = addresses.filter(({ ip }) => ip.includes("/")).map(({ ip }) => ({
    ip,
    prefix: parsePrefix(ip)!,
  }));
  for (const { ip, prefix } of prefixes.sort((a, b) => b.prefix.length - a.prefix.length)) {
    const beneath = found.filter((one) => covers(prefix, one.prefix)).map(({ depth }) => depth);
    found.push({ ip, prefix, depth: Math.max(0, ...beneath) + 1 });
  }
  return new Map(found.map(({ ip, depth }) => [ip, depth]));
}

/** All interfaces without a global address that may be uplinks or stubs, and some that are not. */
function leadingOut(
  { links, families }: Observed,
  { family, options }: { family: Family; options: Options },
): number[] {
  const { facts } = families[family], gateways = facts.gatewayDevices();
  return [...links.values()].filter(({ ifindex, name }) =>
    facts.hasDefault(ifindex) || facts.coversWorld(ifindex) || gateways.has(ifindex) ||
    options.roles.some(({ glob, role }) => role !== "inside" && matchesGlob(name, glob))
  ).map(({ ifindex }) => ifindex);
}

/** Every table whose routes the plan has to know: main's, the addresses', the tables to take, and those that are ours. */
export function tablesToRead(
  observed: Observed,
  { family, options }: { family: Family; options: Options },
): number[] {
  const tables = new Set<number>([TABLE.main, TABLE.local]);
  for (const address of observed.addresses) {
    if (address.family === family && isGlobal(address)) tables.add(options.tableBase + address.ifindex);
  }
  for (const key of observed.families[family].facts.anyIpKeys) {
    for (const { ifindex } of anyIpAddresses(observed.families[family].store, key)) {
      tables.add(options.tableBase + ifindex);
    }
  }
  for (const ifindex of options.connmark ? leadingOut(observed, { family, options }) : []) {
    tables.add(options.tableBase + ifindex);
  }
  const ours: Rule[] = [];
  for (const rule of observed.families[family].rules) {
    if (isOurs(rule, { options, addresses: observed.addresses })) ours.push(rule);
  }
  return [...new Set([...tables, ...tablesOf(ours)])];
}
