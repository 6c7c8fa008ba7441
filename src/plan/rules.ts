/** The rules that steer to tables: of each local address, or of each on-link prefix; and of marks. */

import { bits, type Family, formatPrefix, parsePrefix, type Prefix } from "../model/address.ts";
import { partition } from "../model/lists.ts";
import { halves, type Placed, Prefixes } from "../model/prefixes.ts";
import { MarkSpace } from "../model/marks.ts";
import {
  ACTION_GOTO,
  ACTION_LOOKUP,
  ACTION_NOP,
  type Address,
  ADDRESS_FLAG,
  type Rule,
  TABLE,
} from "../model/records.ts";
import { depths } from "./addresses.ts";
import type { Observed } from "./observed.ts";
import type { Target } from "./mirror.ts";
import type { Options } from "./options.ts";
import { lastOfSources, pastSources } from "./ownership.ts";

export interface Steering {
  readonly family: Family;
  readonly observed: Observed;
  readonly options: Options;
  /** Every address and AnyIP prefix that could have a rule. */
  readonly addresses: readonly Address[];
  /** Of those that are to have one, in that order, the table. */
  readonly tables: ReadonlyMap<string, number>;
}

export function sourceRules(steering: Steering): Rule[] {
  const { addresses, tables, options } = steering;
  const byIp = new Map(addresses.map((address) => [address.ip, address]));
  const steered = Array.from(tables.keys(), (ip) => byIp.get(ip)!);
  const depthOf = depths(addresses);
  const each = (of: readonly Address[]) =>
    of.map(({ ip }) => ruleOf(ip, { steering, depth: depthOf.get(ip) }));
  if (options.rules === "per-address") return each(steered);
  const [anyIp, single] = partition(steered, ({ ip }) => ip.includes("/"));
  return [...prefixRules(single, steering), ...each(anyIp)];
}

function ruleOf(from: string, { steering, depth = 0 }: { steering: Steering; depth?: number }): Rule {
  const { family, options, tables } = steering;
  return {
    family,
    priority: Math.min(options.priority + depth, lastOfSources(options)),
    action: ACTION_LOOKUP,
    table: tables.get(from)!,
    protocol: options.protocol,
    from,
  };
}

/**
 * The widest parts of the on-link prefixes that have steered addresses, and nothing else that this host can send from
 * otherwise: so each is right by itself, in whatever order they come, and together they do what a rule for each address
 * would. `iif lo` leaves packets that are forwarded alone.
 */
function prefixRules(steered: readonly Address[], steering: Steering): Rule[] {
  const ground = new Prefixes(groundOf(steering));
  const byTable = Map.groupBy(steered, ({ ip }) => steering.tables.get(ip)!);
  return [...byTable].flatMap(([table, own]) =>
    outermost(own.map(onLink)).flatMap((prefix) => parts(prefix, table, ground)).map((part): Rule => {
      const from = formatPrefix(part), rule = { ...ruleOf(from, { steering }), table };
      return from.includes("/") ? { ...rule, iif: "lo" } : rule;
    })
  );
}

/** What this host can send from: each with the table that it is to be answered through, if any. */
function groundOf({ family, observed, tables }: Steering): Placed<number | undefined>[] {
  const { store, facts } = observed.families[family];
  const isNoSource = ({ ip, flags }: Address) =>
    (flags & (ADDRESS_FLAG.tentative | ADDRESS_FLAG.dadfailed)) !== 0 && !tables.has(ip);
  const addresses = observed.addresses.filter((one) => one.family === family && !isNoSource(one));
  return [
    ...addresses.map(({ ip }) => ({ prefix: parsePrefix(ip)!, value: tables.get(ip) })),
    // IPv4 takes all of such a prefix for the host's own.
    ...addresses.filter(({ ifindex }) => family === 4 && observed.links.get(ifindex)?.loopback)
      .map(({ ip, peer = ip, prefixLength }) => {
        return { prefix: parsePrefix(`${peer}/${prefixLength}`)!, value: undefined };
      }),
    ...[...facts.anyIpKeys].map((key) => {
      return { prefix: store.keys.destination(key), value: tables.get(store.keys.text(key)) };
    }),
    // A socket that has no address yet.
    { prefix: parsePrefix(family === 4 ? "0.0.0.0" : "::")!, value: undefined },
  ];
}

/** The prefix of an address's network. One with a peer has none: what stands beside it is the peer's. */
function onLink({ ip, prefixLength, peer }: Address): Prefix {
  return parsePrefix(peer === undefined ? `${ip}/${prefixLength}` : ip)!;
}

/** Each of them that lies in no other one, once. */
function outermost(prefixes: readonly Prefix[]): Prefix[] {
  const all = new Prefixes(prefixes.map((prefix) => ({ prefix, value: formatPrefix(prefix) })));
  const widest = prefixes.map((prefix) => all.around(prefix).at(-1)!);
  return [...new Map(widest.map(({ prefix, value }) => [value, prefix])).values()];
}

/** The widest parts of a prefix that have an address of the table, and nothing of another or of none. */
function parts(prefix: Prefix, table: number, ground: Prefixes<number | undefined>): Prefix[] {
  const full = bits(prefix.family), inside = ground.within(prefix);
  if (!inside.some((one) => one.value === table && one.prefix.length === full)) return [];
  const isOther = ({ value }: Placed<number | undefined>) => value !== table;
  const isSplit = prefix.length < full && (inside.some(isOther) || ground.around(prefix).some(isOther));
  return isSplit ? halves(prefix).flatMap((half) => parts(half, table, ground)) : [prefix];
}

/**
 * Leads marked packets to the tables of their interfaces; and those that main is to answer past the rules of sources, but
 * not straight to main: what other programs have behind our rules still holds for them. `markOf`: by ifindex.
 */
export function markRules(
  targets: readonly Target[],
  { family, options, markOf }: { family: Family; options: Options; markOf: ReadonlyMap<number, number> },
): Rule[] {
  const { protocol, markPriority: priority, markMask: fwmask } = options, goto = pastSources(options);
  const lookups = targets.flatMap(({ ifindex, table }): Rule[] => {
    const fwmark = markOf.get(ifindex);
    return fwmark === undefined
      ? []
      : [{ family, priority, action: ACTION_LOOKUP, table, protocol, fwmark, fwmask }];
  });
  if (lookups.length === 0) return [];
  const fwmark = new MarkSpace(fwmask).main;
  return [
    ...lookups,
    { family, priority: goto, action: ACTION_NOP, table: TABLE.unspec, protocol },
    { family, priority, action: ACTION_GOTO, table: TABLE.unspec, protocol, fwmark, fwmask, goto },
  ];
}
