// A host as `ip` shows it, and as `plan` wants to see it.

import { type Family, parseIp } from "../../src/model/address.ts";
import { Paths } from "../../src/model/paths.ts";
import {
  type Address,
  ADDRESS_FLAG,
  isAnyIp,
  type Link,
  PROTOCOL,
  type Rule,
  SCOPE,
  TABLE,
} from "../../src/model/records.ts";
import { RouteStore } from "../../src/model/store.ts";
import { MainFacts } from "../../src/model/facts.ts";
import type { Observed, ObservedFamily } from "../../src/plan/observed.ts";
import { type Indexes, type ReadRoute, readRoute } from "./route_text.ts";
import { KERNEL_RULES, readRule } from "./rule_text.ts";
import { lines, numbered, Words } from "./words.ts";

export interface WorldText {
  /** `2: em1 up`, `6: br0 up kind bridge`, `7: veth1 up kind veth master 6`, `8: vrf1 up kind vrf table 1002`. */
  readonly links: string;
  /** `10.0.0.2/16 dev em1`, and where need be `scope link`, `peer 10.0.0.1`, `tentative`, `deprecated`, `dadfailed`. */
  readonly addresses: string;
  /** As `ip route show` prints them; `table N` where it is not main. */
  readonly routes?: string;
  /** As `ip -6 route show` prints them. */
  readonly routes6?: string;
  /** Beside the kernel's three, as `ip rule show` prints them. */
  readonly rules?: string;
  readonly rules6?: string;
  /** Of interfaces that share a network: `em1 ignore 1 announce 2 filter 0`. */
  readonly arp?: string;
  /** What the ruleset remembers: `em1 0x01000000`. */
  readonly marks?: string;
  /** The families that the kernel does not have. */
  readonly absent?: readonly Family[];
  /** The families that are forwarded. */
  readonly forwarding?: readonly Family[];
  /** The families in which something may be there that was not seen. */
  readonly unproven?: readonly Family[];
}

const ARPTYPES: Readonly<Record<string, number>> = { ether: 1, ppp: 512, none: 0xfffe, loopback: 772 };
export const LO: Link = { ifindex: 1, name: "lo", up: true, loopback: true, arptype: ARPTYPES.loopback };

export function readWorld(text: WorldText): Observed {
  const links = new Map([LO, ...lines(text.links).map(readLink)].map((link) => [link.ifindex, link]));
  const byName = new Map([...links.values()].map(({ name, ifindex }) => [name, ifindex]));
  const indexes: Indexes = (name) => {
    const ifindex = byName.get(name);
    if (ifindex === undefined) throw new SyntaxError(`there is no interface ${name}`);
    return ifindex;
  };
  const paths = new Paths();
  const of = (family: Family) => readFamily(family, { text, paths, indexes });
  const addresses = lines(text.addresses).map((line) => readAddress(line, indexes));
  const arp = new Map(
    lines(text.arp ?? "").map((line) => {
      const [name, , ignore, , announce, , filter] = line.split(" ");
      return [indexes(name), { ignore: Number(ignore), announce: Number(announce), filter: Number(filter) }];
    }),
  );
  const marks = new Map(
    lines(text.marks ?? "").map((line) => {
      const [name, mark] = line.split(" ");
      return [name, Number(mark)];
    }),
  );
  return { links, addresses, arp, marks, families: { 4: of(4), 6: of(6) } };
}

function readFamily(
  family: Family,
  { text, paths, indexes }: { text: WorldText; paths: Paths; indexes: Indexes },
): ObservedFamily {
  const store = new RouteStore(family, paths);
  const facts = new MainFacts(store);
  // The next hops of a multipath route stand in lines of their own.
  const routes = ((family === 4 ? text.routes : text.routes6) ?? "").replaceAll(/\n\s*nexthop/g, " nexthop");
  for (const line of lines(routes)) addRoute(store, readRoute(line, { family, indexes }));
  return {
    forwarding: text.absent?.includes(family) ? undefined : text.forwarding?.includes(family) ?? false,
    rules: readRules((family === 4 ? text.rules : text.rules6) ?? "", family),
    store,
    facts,
    isProven: () => !text.unproven?.includes(family),
  };
}

/** Puts a route where a dump would: behind its equals. Gives its key. */
export function addRoute(
  store: RouteStore,
  { destination, source, tos, table, metric, path }: ReadRoute,
): number {
  const key = store.key(destination.words, store.keys.meta(destination.length, tos, source));
  // Of the local table nothing else is read.
  if (table !== TABLE.local || isAnyIp(path)) {
    store.add(key, { table, metric, path: store.paths.intern(path) });
  }
  return key;
}

/** The rules as the kernel orders them: by priority, and those of one as they came. */
export function readRules(text: string, family: Family): Rule[] {
  const kernels = KERNEL_RULES.map((line) => ({ ...readRule(line, family), protocol: PROTOCOL.kernel }));
  return [...kernels, ...lines(text).map((line) => readRule(line, family))]
    .sort((a, b) => a.priority - b.priority);
}

export function readLink(line: string): Link {
  const words = new Words(line);
  const ifindex = parseInt(words.next());
  const link: { -readonly [P in keyof Link]: Link[P] } = {
    ...{ ifindex, name: words.next(), up: words.next() === "up", loopback: false, arptype: ARPTYPES.ether },
  };
  while (words.peek() !== undefined) {
    const word = words.next();
    if (word === "kind") link.kind = words.next();
    else if (word === "master") link.master = Number(words.next());
    else if (word === "table") link.vrfTable = Number(words.next());
    else if (word === "arp") link.arptype = numbered(words.next(), ARPTYPES);
    else throw new SyntaxError(`'${line}': ${word}?`);
  }
  return link;
}

export function readAddress(line: string, indexes: Indexes): Address {
  const words = new Words(line);
  const [ip, length] = words.next().split("/");
  const parsed = parseIp(ip);
  if (!parsed) throw new SyntaxError(`not an address: ${ip}`);
  const address: { -readonly [P in keyof Address]: Address[P] } = {
    ...{
      family: parsed.family,
      ip,
      ifindex: 0,
      prefixLength: Number(length),
      scope: SCOPE.universe,
      flags: 0,
    },
  };
  while (words.peek() !== undefined) {
    const word = words.next();
    if (word === "dev") address.ifindex = indexes(words.next());
    else if (word === "scope") address.scope = numbered(words.next(), { ...SCOPE, global: 0 });
    else if (word === "peer") address.peer = words.next();
    else address.flags |= numbered(word, ADDRESS_FLAG);
  }
  return address;
}
