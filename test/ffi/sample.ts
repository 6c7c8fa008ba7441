// Random routes of every kind that a netlink message can hold, whether a kernel would take them or not.

import { bits, type Family, formatIp, formatPrefix, maskWords } from "../../src/model/address.ts";
import { type Metric, type Nexthop, ONLINK, type Path, TYPE } from "../../src/model/records.ts";
import type { Random } from "./random.ts";

/** A route with its path. */
export interface Sample {
  readonly family: Family;
  readonly words: readonly number[];
  readonly length: number;
  readonly tos: number;
  readonly source: string;
  readonly table: number;
  readonly metric: number;
  readonly path: Path;
}

export const BANS: readonly number[] = [TYPE.blackhole, TYPE.unreachable, TYPE.prohibit, TYPE.throw];
/** RTA_FLOW. */
export const FLOW = 11;
/** RTAX_*: all but congctl, whose value is a text. */
const NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17];

/** Words of an address: of its text's every form, with runs of zeros and with IPv4 inside. */
export function randomWords(random: Random, family: Family): number[] {
  if (family === 4) return [random.word()];
  const groups = Array.from({ length: 8 }, () => random.chance(0.5) ? 0 : random.integer(1, 0xffff));
  if (random.chance(0.2)) groups.fill(0, 0, 6);
  if (random.chance(0.1)) groups.splice(0, 6, 0, 0, 0, 0, 0, 0xffff);
  return [0, 2, 4, 6].map((i) => ((groups[i] << 16) | groups[i + 1]) >>> 0);
}

export function randomIp(random: Random, family: Family): string {
  return formatIp(family, randomWords(random, family));
}

function randomPrefix(random: Random, family: Family) {
  const length = random.pick([0, bits(family), random.integer(0, bits(family))]);
  return { family, length, words: maskWords(randomWords(random, family), length) };
}

export function randomSample(random: Random): Sample {
  const family = random.pick([4, 6] as const);
  const source = family === 6 && random.chance(0.3) ? randomPrefix(random, family) : undefined;
  return {
    ...randomPrefix(random, family),
    tos: family === 4 && random.chance(0.3) ? random.integer(1, 255) : 0,
    source: source && source.length > 0 ? formatPrefix(source) : "",
    table: random.pick([random.integer(1, 255), random.integer(256, 0xffffffff), 0x80000000, 254]),
    metric: random.pick([0, random.integer(1, 2000), 0xffffffff]),
    path: randomPath(random, family),
  };
}

function randomPath(random: Random, family: Family): Path {
  const type = random.chance(0.3) ? random.pick(BANS) : TYPE.unicast;
  const count = type === TYPE.unicast ? random.pick([1, 1, random.integer(2, 6), 300]) : 0;
  return {
    family,
    type,
    protocol: random.integer(0, 255),
    scope: random.pick([0, 200, 253, 254, 255]),
    nexthops: Array.from({ length: count }, () => randomNexthop(random, { family, multipath: count > 1 })),
    prefsrc: random.chance(0.4) ? randomIp(random, family) : undefined,
    metrics: random.some(NUMBERS, random.pick([0, 0.2, 1])).map((id): Metric => [id, random.word()]),
    attributes: [],
  };
}

function randomNexthop(
  random: Random,
  { family, multipath }: { family: Family; multipath: boolean },
): Nexthop {
  const other = family === 4 ? 6 : 4;
  const gateway = random.pick([
    undefined,
    randomIp(random, family),
    randomIp(random, family),
    randomIp(random, other),
  ]);
  const realms = random.chance(0.3) ? hexWord(random.integer(1, 0xffffffff)) : undefined;
  return {
    ifindex: random.pick([1, random.integer(2, 0x7fffffff)]),
    gateway,
    weight: multipath ? random.pick([1, 256, random.integer(1, 256)]) : 1,
    flags: random.chance(0.3) ? ONLINK : 0,
    attributes: realms ? [{ type: FLOW, hex: realms }] : [],
  };
}

/** A 32-bit number as its bytes in a message. */
export function hexWord(word: number): string {
  return [0, 8, 16, 24].map((shift) => ((word >>> shift) & 255).toString(16).padStart(2, "0")).join("");
}
