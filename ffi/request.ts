/** Requests to the kernel: written into one buffer, sent together, each answer matched to its request. */

import { errnoText } from "./errno.ts";
import { ERRNO, NetlinkError } from "./error.ts";
import { attributes, type Datagram, FLAG, HEADER_BYTES, MESSAGE, type Message, messages } from "./message.ts";
import { DATAGRAM_BYTES, type Socket } from "./socket.ts";

/** A buffer that messages are written into, word by word. */
export class Writer {
  readonly bytes = new Uint8Array(DATAGRAM_BYTES);
  readonly words = new Uint32Array(this.bytes.buffer);
  #at = 0;
  #start = 0;

  /** How many bytes are free. */
  get room(): number {
    return this.bytes.length - this.#at * 4;
  }

  /** What has been written. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.#at * 4);
  }

  clear(): void {
    this.#at = 0;
  }

  begin(type: number, options: { flags: number; sequence: number }): void {
    this.#start = this.#at;
    this.#at += HEADER_BYTES / 4;
    this.words[this.#start + 1] = type | ((options.flags | FLAG.request) << 16);
    this.words[this.#start + 2] = options.sequence;
    this.words[this.#start + 3] = 0;
  }

  word(value: number): void {
    this.words[this.#at++] = value;
  }

  /** Bytes whose length is a multiple of four. */
  raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#at * 4);
    this.#at += bytes.length / 4;
  }

  attribute32(type: number, value: number): void {
    this.word(8 | (type << 16));
    this.word(value);
  }

  end(): void {
    this.words[this.#start] = (this.#at - this.#start) * 4;
  }

  /** Asks for an answer to the message written last: so to all before it, which the kernel takes in order. */
  acknowledge(): void {
    this.words[this.#start + 1] |= FLAG.ack << 16;
  }
}

/** A request that the kernel refused. */
export interface Refusal {
  readonly sequence: number;
  /** Positive. */
  readonly errno: number;
  /** The kernel's own words. */
  readonly reason: string;
}

export interface Answers {
  readonly refusals: readonly Refusal[];
  /** False where the last answer did not come: what became of those without a refusal is not known. */
  readonly complete: boolean;
}

/** Sends what `writer` holds, up to the request `last`, and reads the answers. Clears the writer. */
export function exchange(socket: Socket, writer: Writer, last: number): Answers {
  writer.acknowledge();
  send(socket, writer);
  const refusals: Refusal[] = [];
  for (let datagram = socket.receive(); datagram; datagram = socket.receive()) {
    for (const message of messages(datagram)) {
      if (message.type !== MESSAGE.error) continue;
      const errno = errorOf(message);
      if (errno !== 0) refusals.push({ sequence: message.sequence, errno, reason: reasonOf(message, errno) });
      if (message.sequence === last) return { refusals, complete: true };
    }
  }
  return { refusals, complete: false };
}

/** Sends what `writer` holds, and clears it: what could not be sent is not to go out with the next request. */
function send(socket: Socket, writer: Writer): void {
  try {
    socket.send(writer.written);
  } finally {
    writer.clear();
  }
}

/** The errno, positive, of an NLMSG_ERROR or NLMSG_DONE; 0 for success. */
export function errorOf({ datagram, at, length }: Message): number {
  return length < HEADER_BYTES + 4 ? 0 : -(datagram.words[at + 4] | 0);
}

/** The kernel's extended reason (NLMSGERR_ATTR_MSG) beside errno's own words. */
function reasonOf({ datagram, at, length, type, flags }: Message, errno: number): string {
  const words = errnoText(errno);
  if (!(flags & FLAG.ackTlvs)) return words;
  const request = at * 4 + HEADER_BYTES + 4;
  // The end of a dump repeats nothing of the request, not even its header.
  const echoed = type === MESSAGE.done
    ? 0
    : flags & FLAG.capped
    ? HEADER_BYTES
    : (datagram.words[request / 4] + 3) & ~3;
  for (const { type, payload } of attributes(datagram.bytes, request + echoed, at * 4 + length)) {
    if (type === 1) return `${words}: ${new TextDecoder().decode(payload).replace(/\0.*$/, "")}`;
  }
  return words;
}

/** A dump that is to be read again: the kernel says that it changed meanwhile. */
export class InterruptedDump extends NetlinkError {
  constructor(op: string) {
    super(op, "it changed meanwhile", { code: 0 });
  }
}

const DUMP_INTR = 0x10;

/** A table that does not exist yet has no routes, nor has an interface that exists no more. */
const ABSENT: readonly number[] = [ERRNO.ENOENT, ERRNO.ENODEV];

/**
 * Sends the one dump request that `writer` holds and yields every message of the answer, up to its proper end. Throws
 * where the kernel refuses, and where the answer breaks off: a part of a dump never looks like all of it. `absent`: errors
 * that mean that there is nothing.
 */
export function* dump(
  socket: Socket,
  writer: Writer,
  op: string,
  { absent = ABSENT }: { absent?: readonly number[] } = {},
): Generator<Message> {
  const sequence = writer.words[2];
  send(socket, writer);
  let interrupted = false;
  for (let datagram: Datagram | undefined; (datagram = socket.receive());) {
    for (const message of messages(datagram)) {
      if (message.sequence !== sequence) continue;
      interrupted ||= (message.flags & DUMP_INTR) !== 0;
      if (message.type !== MESSAGE.done && message.type !== MESSAGE.error) {
        yield message;
        continue;
      }
      const errno = errorOf(message);
      if (errno !== 0 && !absent.includes(errno)) {
        throw new NetlinkError(op, reasonOf(message, errno), { code: errno });
      }
      if (interrupted) throw new InterruptedDump(op);
      return;
    }
  }
  throw new NetlinkError(op, "the kernel's answer broke off", { code: 0 });
}
