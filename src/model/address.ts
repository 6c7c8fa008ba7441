/**
 * IP addresses as text and as 32-bit words.
 *
 * Text is canonical: what inet_ntop(3) prints (RFC 5952), so two equal addresses are equal strings and what is
 * printed equals what `ip` prints. Words are big-endian: one for IPv4, four for IPv6.
 */

/** The version number of an address family: 4 for AF_INET, 6 for AF_INET6. */
export type Family = 4 | 6;

export const FAMILIES: readonly Family[] = [4, 6];

/** An address prefix: `words` holds one 32-bit word for IPv4, four for IPv6, with all bits beyond `length` zero. */
export interface Prefix {
  readonly family: Family;
  readonly words: readonly number[];
  readonly length: number;
}

/** How many bits an address of `family` has. */
export function bits(family: Family): number {
  return family === 4 ? 32 : 128;
}

export function formatIp(family: Family, words: ArrayLike<number>): string {
  return family === 4 ? formatIpv4(words[0]) : formatIpv6(words);
}

function formatIpv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

function formatIpv6(words: ArrayLike<number>): string {
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xffff) return `::ffff:${formatIpv4(words[3])}`;
  const groups: number[] = [];
  for (let i = 0; i < 4; i++) groups.push(words[i] >>> 16, words[i] & 0xffff);
  const [start, length] = longestZeroRun(groups);
  // What once was an IPv4-compatible address is still printed as one.
  if (start === 0 && length === 6) return `::${formatIpv4(words[3])}`;
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (length < 2) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

function longestZeroRun(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let i = 0; i < groups.length; i++) {
    let end = i;
    while (end < groups.length && groups[end] === 0) end++;
    if (end - i > best[1]) best = [i, end - i];
    i = Math.max(i, end);
  }
  return best;
}

/** The family and words of an address, or undefined where `text` is none. */
export function parseIp(text: string): { family: Family; words: number[] } | undefined {
  const family = text.includes(":") ? 6 : 4;
  const words = family === 4 ? parseIpv4(text) : parseIpv6(text);
  return words && { family, words };
}

function parseIpv4(text: string): number[] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const bytes = match?.slice(1).map(Number);
  if (!bytes || bytes.some((byte) => byte > 255)) return undefined;
  return [((bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3]) >>> 0];
}

function parseIpv6(text: string): number[] | undefined {
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (tail) {
    const v4 = parseIpv4(tail[2]);
    if (!v4) return undefined;
    text = `${tail[1]}${(v4[0] >>> 16).toString(16)}:${(v4[0] & 0xffff).toString(16)}`;
  }
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, rest] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - (rest?.length ?? 0);
  if (rest ? missing < 1 : missing !== 0) return undefined;
  const groups = rest ? [...head, ...Array<string>(missing).fill("0"), ...rest] : head;
  if (groups.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const values = groups.map((group) => parseInt(group, 16));
  return [0, 2, 4, 6].map((i) => ((values[i] << 16) | values[i + 1]) >>> 0);
}

/** Parses `10.0.0.0/16`, `2001:db8::/32` or a bare address (a prefix of full length). */
export function parsePrefix(text: string): Prefix | undefined {
  const [ip, length, extra] = text.split("/");
  const parsed = parseIp(ip);
  if (!parsed || extra !== undefined) return undefined;
  const wanted = length === undefined ? bits(parsed.family) : /^\d{1,3}$/.test(length) ? Number(length) : NaN;
  if (!(wanted <= bits(parsed.family))) return undefined;
  return { family: parsed.family, words: maskWords(parsed.words, wanted), length: wanted };
}

/** A prefix as `ip` writes it: the length is left out where it is full. */
export function formatPrefix(prefix: Prefix): string {
  const ip = formatIp(prefix.family, prefix.words);
  return prefix.length === bits(prefix.family) ? ip : `${ip}/${prefix.length}`;
}

/** `words` with all bits beyond `length` cleared. */
export function maskWords(words: ArrayLike<number>, length: number): number[] {
  return Array.from(words, (word, i) => {
    const kept = Math.min(32, Math.max(0, length - 32 * i));
    return kept === 0 ? 0 : (word & (~0 << (32 - kept))) >>> 0;
  });
}

/** Whether `outer` holds all of `inner`. */
export function covers(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false;
  return maskWords(inner.words, outer.length).every((word, i) => word === outer.words[i]);
}

/** Whether the address is link-local: 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291). */
export function isLinkLocal(family: Family, words: ArrayLike<number>): boolean {
  return family === 4 ? words[0] >>> 16 === 0xa9fe : words[0] >>> 22 === 0xfe80 >>> 6;
}
