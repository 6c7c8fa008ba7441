/**
 * Netlink's framing (linux/netlink.h): a datagram of messages, each a header of 16 bytes, a payload, attributes; all of
 * it in the host's byte order, which is little-endian on every machine that Deno runs on, and aligned to four bytes.
 */

/** Message types (linux/netlink.h, linux/rtnetlink.h). */
export const MESSAGE = {
  error: 2,
  done: 3,
  newLink: 16,
  delLink: 17,
  getLink: 18,
  newAddress: 20,
  delAddress: 21,
  getAddress: 22,
  newRoute: 24,
  delRoute: 25,
  getRoute: 26,
  newRule: 32,
  delRule: 33,
  getRule: 34,
  newNetconf: 80,
  delNetconf: 81,
  getNetconf: 82,
  newNexthop: 104,
  delNexthop: 105,
  getNexthop: 106,
} as const;

/** Header flags. Those of 0x100 to 0x800 mean one thing in a request that reads, another in one that writes. */
export const FLAG = {
  request: 0x1,
  ack: 0x4,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
  /** In an error: the request's payload is not repeated. */
  capped: 0x100,
  /** In an error: attributes follow. */
  ackTlvs: 0x200,
} as const;

/** AF_INET and AF_INET6 (sys/socket.h). */
export const AF_INET = 2;
export const AF_INET6 = 10;

export const HEADER_BYTES = 16;
const HEADER_WORDS = 4;

/** Bytes that were received, also as 32-bit words, the first at word 0. */
export interface Datagram {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Uint32Array;
  /** How many bytes were received. */
  length: number;
}

/** One message in a datagram. Valid while the datagram is. */
export interface Message {
  readonly datagram: Datagram;
  /** The index of the message's first word. */
  at: number;
  /** In bytes, header and all. */
  length: number;
  type: number;
  flags: number;
  sequence: number;
  /** The port of the socket whose request led to this message; 0 for the kernel. */
  port: number;
}

/** Every message of a datagram; one object is used for all of them. Ends at the first that is cut short. */
export function* messages(datagram: Datagram): Generator<Message> {
  const { words, length } = datagram;
  const message: Message = { datagram, at: 0, length: 0, type: 0, flags: 0, sequence: 0, port: 0 };
  for (let at = 0; (at + HEADER_WORDS) * 4 <= length; at += (words[at] + 3) >>> 2) {
    const size = words[at];
    if (size < HEADER_BYTES || at * 4 + size > length) return;
    message.at = at;
    message.length = size;
    message.type = words[at + 1] & 0xffff;
    message.flags = words[at + 1] >>> 16;
    message.sequence = words[at + 2];
    message.port = words[at + 3];
    yield message;
  }
}

/** An attribute: its type without flags, its payload as a view of the datagram. */
export interface RawAttribute {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** The attributes from byte `start` up to byte `end`. */
export function* attributes(bytes: Uint8Array, start: number, end: number): Generator<RawAttribute> {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = start; at + 4 <= end;) {
    const size = view.getUint16(at, true);
    if (size < 4 || at + size > end) return;
    yield { type: view.getUint16(at + 2, true) & 0x3fff, payload: bytes.subarray(at + 4, at + size) };
    at += (size + 3) & ~3;
  }
}

/** A number in the other byte order: between a word of a datagram and an address's word. */
export function swap32(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
