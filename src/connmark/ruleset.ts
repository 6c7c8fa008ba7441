/**
 * The nftables table that marks connections and packets, as nft(8) itself lists it: one table of our own, whole in one
 * transaction. Also, what such a listing says.
 */

import { FAMILIES, type Family } from "../model/address.ts";
import { MarkSpace, markText } from "../model/marks.ts";
import type { Marks } from "../plan/marks.ts";

export const TABLE_FAMILY = "inet", TABLE_NAME = "symrouted";

/** Behind other programs' chains that restore packet marks (mangle, -150), before the packet is routed. */
const BEFORE_ROUTING = -149;
/** Behind all chains, where other programs may have saved packet marks over connection marks. */
const AT_THE_END = 301;

/**
 * The table. Every packet of a connection's original direction that has no mark yet is marked with the uplink that it came
 * in by, and again at the end of its way. Replies, and packets of connections that were expected (RFC 959: FTP's data),
 * get their connection's mark where they are routed, unless they came in by its uplink.
 */
export function rulesetText(marks: Marks, mask: number): string {
  const space = new MarkSpace(mask), bits = markText(mask), none = markText(0);
  const known = marks.uplinks.map((one, index) => ({ ...one, number: index + 1 }));
  const isMarked = `mark & ${bits} != ${none}`, isUnmarked = `mark & ${bits} == ${none}`;
  const enter = `ct direction original ct ${isUnmarked} goto enter`;
  const back = ["ct direction reply goto restore", "ct status expected goto restore"];
  const byMark = (verb: string, zero: string[]) => {
    const all = known.map(({ mark, number }) => `${markText(mark)} : goto ${verb}-${number}`);
    return `ct mark & ${bits} vmap { ${
      [...zero, ...all, `${markText(space.main)} : goto ${verb}-main`].join(", ")
    } }`;
  };
  const foreign = `counter name "${COUNTER}"`;
  /** Takes off the packet what somebody's rules have put back on it from its connection. */
  const clear = (mark: number) => [
    `meta ${isUnmarked} return`,
    `meta mark & ${bits} == ${markText(mark)} meta mark set meta mark & ${markText(~mask >>> 0)} return`,
    foreign,
  ];
  const restore = (mark: number) => [
    `meta ${isUnmarked} meta mark set meta mark | ${markText(mark)} return`,
    `meta mark & ${bits} != ${markText(mark)} ${foreign}`,
  ];
  const byUplink = (family: Family) => {
    const ways = known.filter(({ families }) => families.includes(family))
      .map(({ name, number }) => `"${name}" : goto mark-${number}`);
    return ways.length > 0 ? [`iifname vmap { ${ways.join(", ")} }`] : [];
  };
  const byFamily = (verb: string) =>
    `meta nfproto vmap { ipv4 : goto ${verb}-ipv4, ipv6 : goto ${verb}-ipv6 }`;
  return [
    `table ${TABLE_FAMILY} ${TABLE_NAME} {`,
    `\tcounter ${COUNTER} {`,
    "\t}",
    "",
    ...remembered(marks.remembered),
    ...chain("enter", [
      `meta ${isMarked} ${foreign} return`,
      'iifname "lo" return',
      "iif 0 return",
      byFamily("enter"),
    ]),
    ...FAMILIES.flatMap((family) =>
      chain(`enter-ipv${family}`, [
        ...byUplink(family),
        // Their replies are led by source rules, which main's mark would pass over.
        ...marks.unmarked.map((name) => `iifname "${name}" return`),
        `ct mark set ct mark | ${markText(space.main)}`,
      ])
    ),
    // What came in before its uplink was known as one would keep its wrong mark as long as it lasts.
    ...chain("again", [byFamily("again")]),
    ...FAMILIES.flatMap((family) => chain(`again-ipv${family}`, byUplink(family))),
    ...chain("restore", [byMark("restore", [`${none} : return`]), foreign]),
    ...chain("clear", [byMark("clear", []), foreign]),
    ...known.flatMap(({ name, mark, number }) => [
      ...chain(`mark-${number}`, [
        `ct mark set ct mark & ${markText((~mask | mark) >>> 0)} | ${markText(mark)}`,
      ]),
      ...chain(`restore-${number}`, [`iifname "${name}" goto clear-${number}`, ...restore(mark)]),
      ...chain(`clear-${number}`, clear(mark)),
    ]),
    ...chain("restore-main", ["ct direction original goto clear-main", ...restore(space.main)]),
    ...chain("clear-main", clear(space.main)),
    ...hook("prerouting", { type: "filter", priority: BEFORE_ROUTING }, [
      enter,
      `ct direction original ct mark & ${bits} == ${markText(space.main)} jump again`,
      ...back,
      `meta ${isMarked} goto clear`,
    ]),
    ...hook("output", { type: "route", priority: BEFORE_ROUTING }, [
      // Who marks its own packets knows their way, and may ask for that very mark (as WireGuard does).
      `meta mark & ${markText(~mask >>> 0)} != ${none} return`,
      ...back,
    ]),
    ...hook("input", { type: "filter", priority: AT_THE_END }, [enter]),
    ...hook("postrouting", { type: "filter", priority: AT_THE_END }, [enter]),
    "}",
    "",
  ].join("\n");
}

/** How many packets were left alone because they, or their connections, carry somebody else's mark in our mask. */
const COUNTER = "foreign-marks";

const REMEMBERED = "remembered";

/** No rule asks it: it is how the marks of uplinks outlive this program, and those that are gone for now. */
function remembered(marks: ReadonlyMap<string, number>): string[] {
  const elements = [...marks].map(([name, mark]) => `"${name}" : ${markText(mark)}`);
  return [
    `\tmap ${REMEMBERED} {`,
    "\t\ttype ifname : mark",
    ...(elements.length > 0 ? [`\t\telements = { ${elements.join(", ")} }`] : []),
    "\t}",
    "",
  ];
}

function chain(name: string, rules: readonly string[]): string[] {
  return [`\tchain ${name} {`, ...rules.map((rule) => `\t\t${rule}`), "\t}", ""];
}

function hook(
  name: string,
  { type, priority }: { type: string; priority: number },
  rules: string[],
): string[] {
  return chain(name, [`type ${type} hook ${name} priority ${priority}; policy accept;`, ...rules]);
}

/** Puts the table in the place of the one that is there, or is not, at no moment without one. */
export function loadCommands(text: string): string {
  return `table ${TABLE_FAMILY} ${TABLE_NAME}\n${DELETE_COMMAND}\n${text}`;
}

export const DELETE_COMMAND = `delete table ${TABLE_FAMILY} ${TABLE_NAME}`;

/** The mark that a listing remembers for each interface name. */
export function rememberedMarks(listing: string): Map<string, number> {
  const [, map = ""] = new RegExp(`^\\s*map ${REMEMBERED} \\{([^]*?)^\\s*\\}$`, "m").exec(listing) ?? [];
  const elements = map.matchAll(/"([^"]+)" : (0x[0-9a-f]{8}|\d+)/g);
  return new Map(Array.from(elements, ([, name, mark]) => [name, Number(mark)]));
}

/** Whether two listings say the same, however their lines are broken and their elements are sorted. */
export function saysTheSame(one: string, other: string): boolean {
  return canonical(one) === canonical(other);
}

function canonical(listing: string): string {
  return listing.replaceAll(/\bpackets \d+ bytes \d+/g, "").replaceAll(/\s+/g, " ")
    .replaceAll(
      /(vmap|elements =) \{ ([^}]*) \}/g,
      (_, what, elements) => `${what} { ${elements.split(", ").sort().join(", ")} }`,
    );
}

/** What a listing lacks and what it has too much, as lines that begin with + or -. */
export function differences(listing: string, wanted: string): string[] {
  const [there, here] = [listing, wanted].map(placed);
  return [
    ...[...there].filter((line) => !here.has(line)).map((line) => `- ${line}`),
    ...[...here].filter((line) => !there.has(line)).map((line) => `+ ${line}`),
  ];
}

/** Each line of a listing with the chain, or the like, that it stands in. */
function placed(listing: string): Set<string> {
  const lines = new Set<string>();
  let block = "";
  for (const line of listing.replaceAll(/,\s+/g, ", ").split("\n")) {
    if (/^\t[^\t}]/.test(line)) block = line.trim().replace(/ \{$/, "");
    if (/^\t\t/.test(line)) lines.add(`${block}: ${canonical(line.trim())}`);
  }
  return lines;
}
