/** Route metrics by the names that ip-route(8) gives them, with their numbers (`RTAX_*`, linux/rtnetlink.h). */

import type { Metric } from "./records.ts";

interface MetricKind {
  readonly id: number;
  /** The highest value that the kernel keeps as it is (ip_metrics_convert, net/ipv4/metrics.c). */
  readonly max?: number;
  /** A time: how many of the kernel's units a millisecond has. A bare number is in those units. */
  readonly perMillisecond?: number;
  /** Whether `ip` lets a user lock the metric against path MTU discovery and the like. */
  readonly lockable: boolean;
}

const UINT32_MAX = 0xffffffff;
const KINDS: Readonly<Record<string, MetricKind>> = {
  mtu: { id: 2, max: 65520, lockable: true },
  window: { id: 3, lockable: true },
  rtt: { id: 4, perMillisecond: 8, lockable: true },
  rttvar: { id: 5, perMillisecond: 4, lockable: true },
  ssthresh: { id: 6, lockable: true },
  cwnd: { id: 7, lockable: true },
  advmss: { id: 8, max: 65495, lockable: true },
  reordering: { id: 9, lockable: true },
  hoplimit: { id: 10, max: 255, lockable: true },
  initcwnd: { id: 11, lockable: true },
  features: { id: 12, max: 31, lockable: false },
  rto_min: { id: 13, perMillisecond: 1, lockable: false },
  initrwnd: { id: 14, lockable: true },
  quickack: { id: 15, max: 1, lockable: false },
  congctl: { id: 16, lockable: true },
  fastopen_no_cookie: { id: 17, max: 1, lockable: false },
};

/** Their names. */
export const METRICS: readonly string[] = Object.keys(KINDS);

/** RTAX_LOCK: a mask of the metrics that the kernel must not change. */
const LOCK = 1;
/** RTAX_CC_ALGO: the one metric that is a text, and the one that a delete cannot say to be absent. */
export const CONGESTION_CONTROL = 16;
/** TCP heeds rto_min only where it is locked, so that `ip` locks it unasked. */
const RTO_MIN = 13;
/** TCP_CA_NAME_MAX - 1 (net/tcp.h). */
const CONGCTL_LENGTH = 15;
/** RTAX_FEATURE_*: what may be named. */
const FEATURES: Readonly<Record<string, number>> = { ecn: 1, tcp_usec_ts: 16 };

/** A metric that is to be set on every mirrored route. */
export interface MetricOverride {
  readonly metric: Metric;
  readonly lock: boolean;
}

/** Parses `NAME=VALUE` of `--set-route-metric`. Throws SyntaxError with what is wrong. */
export function parseMetric(text: string): MetricOverride {
  const equals = text.indexOf("=");
  if (equals < 0) throw new SyntaxError(`${text} is not NAME=VALUE (such as mtu=1400)`);
  const name = text.slice(0, equals).trim();
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (!kind) throw new SyntaxError(`${name} is no route metric (${METRICS.join(", ")})`);
  const [, lock, value] = /^(lock\s+)?(.*)$/s.exec(text.slice(equals + 1).trim())!;
  if (lock && !kind.lockable) throw new SyntaxError(`${name} cannot be locked`);
  return { metric: [kind.id, parseValue(name, value)], lock: lock !== undefined || kind.id === RTO_MIN };
}

function parseValue(name: string, value: string): number | string {
  if (name === "congctl") {
    if (/^[a-z0-9_-]+$/i.test(value) && value.length <= CONGCTL_LENGTH) return value;
    throw new SyntaxError(`${name}: ${value || "nothing"} is no name of a congestion control`);
  }
  if (name === "features" && /^[a-z]/.test(value)) return parseFeatures(value);
  const { max = UINT32_MAX, perMillisecond } = KINDS[name];
  const number = perMillisecond ? parseTime(value, perMillisecond) : parseNumber(value);
  if (number <= max) return number;
  const form = perMillisecond ? "a time (such as 200ms) or a number" : "a number";
  throw new SyntaxError(`${name}: ${value || "nothing"} is not ${form} of at most ${max}`);
}

function parseNumber(value: string): number {
  return /^(\d+|0x[0-9a-f]+)$/i.test(value) ? Number(value) : NaN;
}

function parseTime(value: string, perMillisecond: number): number {
  const match = /^(\d+(?:\.\d+)?)(s|ms)$/.exec(value);
  if (!match) return parseNumber(value);
  return Math.round(Number(match[1]) * (match[2] === "s" ? 1000 : 1) * perMillisecond);
}

function parseFeatures(value: string): number {
  return value.split(/[\s,]+/).reduce((mask, name) => {
    if (!Object.hasOwn(FEATURES, name)) {
      throw new SyntaxError(`features: ${name} is none of ${Object.keys(FEATURES).join(", ")}`);
    }
    return mask | FEATURES[name];
  }, 0);
}

/** `metrics` with each override in its place; one of 0 takes a metric away, as the kernel has it. */
export function withOverrides(metrics: readonly Metric[], overrides: readonly MetricOverride[]): Metric[] {
  const values = new Map(metrics);
  let lock = Number(values.get(LOCK) ?? 0);
  for (const { metric: [id, value], lock: locked } of overrides) {
    const bit = 1 << id;
    if (value === 0) values.delete(id);
    else values.set(id, value);
    lock = locked && value !== 0 ? lock | bit : lock & ~bit;
  }
  if (lock === 0) values.delete(LOCK);
  else values.set(LOCK, lock >>> 0);
  return [...values].sort(([a], [b]) => a - b);
}

const NAMES = new Map(Object.entries(KINDS).map(([name, kind]) => [kind.id, { name, ...kind }]));

/** Metrics as arguments of `ip route`, with bare numbers, which it takes as the kernel's own units. */
export function metricWords(metrics: readonly Metric[]): string[] {
  const lock = Number(new Map(metrics).get(LOCK) ?? 0);
  return metrics.flatMap(([id, value]) => {
    const kind = NAMES.get(id);
    if (!kind) return [];
    const locked = kind.lockable && lock & (1 << id) ? ["lock"] : [];
    return [kind.name, ...locked, kind.name === "features" ? featureWord(Number(value)) : String(value)];
  });
}

function featureWord(mask: number): string {
  const names = Object.entries(FEATURES).filter(([, bit]) => mask & bit).map(([name]) => name);
  return names.length === 0 ? String(mask) : names.join(" ");
}
