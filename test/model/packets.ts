// Packets of this host: which rules and routes are about them.

import { parsePrefix, type Prefix } from "../../src/model/address.ts";
import type { Keys } from "../../src/model/keys.ts";
import type { Rule } from "../../src/model/records.ts";

/** A packet of this host. */
export interface Flow {
  readonly source: Prefix;
  readonly destination: Prefix;
  readonly tos?: number;
  readonly mark?: number;
}

/** Whether a key is about a packet's destination and tos. */
export function isFor(keys: Keys, key: number, { destination, tos = 0 }: Omit<Flow, "source">): boolean {
  if (keys.tos(key) !== 0 && keys.tos(key) !== tos) return false;
  keys.copyWords(key, words);
  return sharesBits(words, destination.words, keys.length(key));
}

const words = new Uint32Array(4);

/** The keys that a packet may be looked up by, the best first: the longest prefix; of one, what is about it alone. */
export function keysFor(keys: Keys, flow: Flow): number[] {
  const found: number[] = [];
  for (let key = 0; key < keys.end; key++) {
    const from = keys.source(key);
    if (isFor(keys, key, flow) && (from === "" || holds(prefixOf(from), flow.source))) found.push(key);
  }
  const narrow = (key: number) => keys.source(key) === "" ? keys.tos(key) : prefixOf(keys.source(key)).length;
  return found.sort((a, b) => keys.length(b) - keys.length(a) || narrow(b) - narrow(a));
}

/** Whether a rule is about a packet of this host with that source and mark. */
export function selects(
  { from, fwmark = 0, fwmask, iif, oif, to, tos }: Rule,
  source: Prefix,
  mark = 0,
): boolean {
  if (oif || to || tos || (iif && iif !== "lo")) return false;
  if (((fwmark ^ mark) & (fwmask ?? (fwmark && 0xffffffff))) !== 0) return false;
  return from === undefined || holds(prefixOf(from), source);
}

const prefixes = new Map<string, Prefix>();

function prefixOf(text: string): Prefix {
  let prefix = prefixes.get(text);
  if (!prefix) prefixes.set(text, prefix = parsePrefix(text)!);
  return prefix;
}

/** Whether a prefix holds an address: `covers`, for many. */
function holds({ family, words, length }: Prefix, address: Prefix): boolean {
  return family === address.family && length <= address.length && sharesBits(words, address.words, length);
}

function sharesBits(a: ArrayLike<number>, b: ArrayLike<number>, length: number): boolean {
  for (let i = 0; 32 * i < length; i++) {
    if ((a[i] ^ b[i]) >>> (32 - Math.min(32, length - 32 * i)) !== 0) return false;
  }
  return true;
}
