/** A unix stream (unix(7)) between two programs that exchange lines. */

import { libc } from "./libc.ts";
import { openUnix, type Peer, peerOf, SOCK, unixAddress } from "./unix.ts";

const MSG_NOSIGNAL = 0x4000;
const POLLIN = 1;
const LINE_FEED = 10;

/** The longest line; a socket's buffer takes it whole. */
export const LINE_BYTES = 64 * 1024;

export class Connection implements Disposable {
  #fd: number;
  /** Who is at the other end. */
  readonly peer?: Peer;

  /** Takes a connected descriptor. */
  constructor(fd: number) {
    this.#fd = fd;
    this.peer = peerOf(fd);
  }

  /** To whoever listens at a path or an abstract name (`@…`); undefined where nobody does, or too many have called. */
  static to(path: string): Connection | undefined {
    const address = unixAddress(path), fd = openUnix(SOCK.stream);
    if (address && libc().connect(fd, address, address.length) === 0) return new Connection(fd);
    libc().close(fd);
    return undefined;
  }

  /**
   * The next line, without its end; undefined where the other end has closed, or `milliseconds` have passed before the
   * line was whole, or it is too long. Nothing else runs meanwhile. What follows the line is lost.
   */
  readLine(milliseconds: number): string | undefined {
    const end = performance.now() + milliseconds, bytes = new Uint8Array(LINE_BYTES);
    const waiting = new Int32Array([this.#fd, POLLIN]);
    for (let length = 0; length < bytes.length;) {
      const left = Math.ceil(end - performance.now());
      if (left <= 0 || libc().poll(waiting, 1n, left) <= 0) return undefined;
      const room = bytes.subarray(length);
      const size = Number(libc().read(this.#fd, room, BigInt(room.length)));
      if (size <= 0) return undefined;
      const stop = bytes.subarray(0, length += size).indexOf(LINE_FEED);
      if (stop >= 0) return new TextDecoder().decode(bytes.subarray(0, stop));
    }
    return undefined;
  }

  /** Whether the line was sent whole. */
  writeLine(line: string): boolean {
    const bytes = new TextEncoder().encode(`${line}\n`);
    if (bytes.length > LINE_BYTES) return false;
    return Number(libc().send(this.#fd, bytes, BigInt(bytes.length), MSG_NOSIGNAL)) === bytes.length;
  }

  [Symbol.dispose](): void {
    // By the second time the number may be another file's.
    if (this.#fd >= 0) libc().close(this.#fd);
    this.#fd = -1;
  }
}
