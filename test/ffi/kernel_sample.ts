// Random routes that a kernel takes and gives back unchanged, over two interfaces of the test's namespace.

import { bits, type Family, formatPrefix, maskWords } from "../../src/model/address.ts";
import { type Metric, type Nexthop, ONLINK, type Path, SCOPE, TYPE } from "../../src/model/records.ts";
import type { Namespace } from "../lab/netns.ts";
import { ifindexes } from "./inside.ts";
import type { Random } from "./random.ts";
import { BANS, FLOW, hexWord, type Sample } from "./sample.ts";

const PREF = 20;
const RTO_MIN = 13;
/** By number: what the kernel keeps as it is (ip_metrics_convert), and whether `ip` can lock it. */
const METRICS: Readonly<
  Record<number, { values: readonly [low: number, high: number]; lockable?: boolean }>
> = {
  2: { values: [1280, 65520], lockable: true },
  3: { values: [1, 0xffffffff], lockable: true },
  4: { values: [1, 0xffffffff], lockable: true },
  5: { values: [1, 0xffffffff], lockable: true },
  6: { values: [1, 0xffffffff], lockable: true },
  7: { values: [1, 0xffffffff], lockable: true },
  8: { values: [256, 65495], lockable: true },
  9: { values: [1, 0xffffffff], lockable: true },
  10: { values: [1, 255], lockable: true },
  11: { values: [1, 0xffffffff], lockable: true },
  12: { values: [1, 1] },
  13: { values: [1, 0xffffffff] },
  14: { values: [1, 0xffffffff], lockable: true },
  15: { values: [1, 1] },
  17: { values: [1, 1] },
};

/** What a family's routes may be made of. */
export interface World {
  readonly family: Family;
  readonly devices: readonly { ifindex: number; network: string; address: string }[];
}

const NETWORKS: Readonly<Record<Family, readonly string[]>> = {
  4: ["10.1.", "10.2."],
  6: ["2001:db8:1::", "2001:db8:2::"],
};

/** Lays two cables and gives their ends addresses of both families. */
export async function prepare(host: Namespace): Promise<Record<Family, World>> {
  await host.sysctl({ "ipv6/conf/default/accept_dad": 0, "ipv6/conf/default/dad_transmits": 0 });
  await host.batch([
    "link set lo up",
    ...[1, 2].flatMap((n) => [
      `link add v${n} type veth peer name w${n}`,
      `link set w${n} up`,
      `link set v${n} up`,
      `address add 10.${n}.0.1/16 dev v${n}`,
      `address add 2001:db8:${n}::1/64 dev v${n} nodad`,
    ]),
  ]);
  const index = await ifindexes(host);
  const world = (family: Family): World => ({
    family,
    devices: NETWORKS[family].map((network, i) => {
      return { network, ifindex: index[`v${i + 1}`], address: `${network}${family === 4 ? "0." : ""}1` };
    }),
  });
  return { 4: world(4), 6: world(6) };
}

/** `count` routes for one table, no two of them for the same destination. */
export function kernelSamples(
  random: Random,
  world: World,
  options: { count: number; table: number },
): Sample[] {
  const samples = new Map<string, Sample>();
  while (samples.size < options.count) {
    const sample = kernelSample(random, world, options.table);
    samples.set(`${sample.words}/${sample.length} ${sample.tos}`, sample);
  }
  return [...samples.values()];
}

function kernelSample(random: Random, world: World, table: number): Sample {
  const { family } = world;
  const length = random.integer(family === 4 ? 16 : 24, bits(family));
  const first = family === 4
    ? random.integer(20 << 24, 100 << 24)
    : (0x20020000 | random.integer(0, 0xffff)) >>> 0;
  const rest = family === 4 ? [] : [random.word(), random.word(), random.word()];
  return {
    family,
    words: maskWords([first, ...rest], length),
    length,
    tos: family === 4 && random.chance(0.2) ? 4 * random.integer(1, 7) : 0,
    source: family === 6 && random.chance(0.3) ? sourcePrefix(random) : "",
    table,
    metric: random.pick([random.integer(family === 4 ? 0 : 1, 3), random.integer(1, 0xffffffff), 0xffffffff]),
    path: kernelPath(random, world),
  };
}

function sourcePrefix(random: Random): string {
  const length = random.integer(16, 128);
  const words = maskWords([0x2001_0db8, random.word(), random.word(), random.word()], length);
  return formatPrefix({ family: 6, words, length });
}

function kernelPath(random: Random, world: World): Path {
  const { family } = world;
  const banned = random.chance(0.2);
  const nexthops = banned ? [] : nexthopsOf(random, world);
  const prefsrc = !banned && random.chance(0.3) ? random.pick(world.devices).address : undefined;
  // A ban has no router to prefer.
  const pref = banned ? "00" : random.pick(["00", "01", "03"]);
  return {
    family,
    type: banned ? random.pick(BANS) : TYPE.unicast,
    protocol: random.integer(2, 255),
    scope: family === 4 && !banned && nexthops.every(({ gateway }) => !gateway) ? SCOPE.link : SCOPE.universe,
    nexthops,
    prefsrc,
    metrics: random.chance(0.5) && !banned ? metricsOf(random) : [],
    attributes: family === 6 ? [{ type: PREF, hex: pref }] : [],
  };
}

function nexthopsOf(random: Random, world: World): Nexthop[] {
  if (random.chance(0.6)) return [nexthopOf(random, world, random.chance(0.3))];
  const all = Array.from({ length: random.integer(2, 5) }, () => {
    return { ...nexthopOf(random, world, false), weight: random.pick([1, 256, random.integer(1, 256)]) };
  });
  return [...new Map(all.map((nexthop) => [`${nexthop.gateway} ${nexthop.ifindex}`, nexthop])).values()]
    .map((nexthop, _, { length }) => length === 1 ? { ...nexthop, weight: 1 } : nexthop);
}

function nexthopOf(random: Random, { family, devices }: World, deviceOnly: boolean): Nexthop {
  const { ifindex, network } = random.pick(devices);
  const onlink = !deviceOnly && random.chance(0.3);
  const near = family === 4
    ? `${network}${random.integer(0, 255)}.${random.integer(2, 254)}`
    : `${network}${random.integer(2, 9999)}`;
  const far = family === 4 ? `172.16.0.${random.integer(1, 254)}` : `2001:db8:f::${random.integer(2, 9999)}`;
  const other = family === 4 && !onlink && random.chance(0.2)
    ? `fe80::${random.integer(2, 9999)}`
    : undefined;
  const realms = family === 4 && random.chance(0.2)
    ? hexWord(random.pick([7, 0x30007, 0x30000, 0xff00ff]))
    : "";
  return {
    ifindex,
    gateway: deviceOnly ? undefined : other ?? (onlink ? far : near),
    weight: 1,
    flags: onlink ? ONLINK : 0,
    attributes: realms ? [{ type: FLOW, hex: realms }] : [],
  };
}

function metricsOf(random: Random): Metric[] {
  const chosen = random.some(Object.keys(METRICS).map(Number), random.pick([0.15, 0.6, 1]));
  const metrics = chosen.map((id): Metric => [id, random.integer(...METRICS[id].values)]);
  if (random.chance(0.3)) metrics.push([16, random.pick(["reno", "cubic"])]);
  // TCP heeds rto_min only where it is locked, so that `ip` locks it unasked.
  const locked = chosen.filter((id) => id === RTO_MIN || (METRICS[id].lockable && random.chance(0.3)));
  const mask = locked.reduce((sum, id) => sum | (1 << id), 0);
  if (mask !== 0) metrics.push([1, mask]);
  return metrics.sort(([a], [b]) => a - b);
}
