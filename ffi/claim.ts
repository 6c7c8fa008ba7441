/**
 * A name that one process of a network namespace holds: a listening socket with an abstract address (unix(7)). Such a name
 * needs no file, belongs to the network namespace, and goes with the process that holds it, whatever that dies of.
 */

import { NetlinkError } from "./error.ts";
import { libc } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** So many may ask at once who holds the name. */
const BACKLOG = 128;

/** Who holds a name. */
export interface Holder {
  /** Its number in our process namespace; undefined where it has none there, or the kernel does not tell. */
  readonly pid?: number;
}

export class Claim implements Disposable {
  #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Takes the name; undefined where somebody else has it. */
  static take(name: string): Claim | undefined {
    const fd = open(), address = addressOf(name);
    if (libc().bind(fd, address, address.length) === 0 && libc().listen(fd, BACKLOG) === 0) {
      return new Claim(fd);
    }
    libc().close(fd);
    return undefined;
  }

  /** Can be read when somebody has asked who holds the name. */
  get fd(): number {
    return this.#fd;
  }

  /** Forgets those who have asked who holds the name, so that more can. */
  forgetAskers(): void {
    for (let asker: number; (asker = libc().accept(this.#fd, null, null)) >= 0;) libc().close(asker);
  }

  [Symbol.dispose](): void {
    // By the second time the number may be another file's.
    if (this.#fd >= 0) libc().close(this.#fd);
    this.#fd = -1;
  }
}

/** Who holds the name; undefined where nobody does, or too many have asked. */
export function holderOf(name: string): Holder | undefined {
  const fd = open(), address = addressOf(name);
  try {
    return libc().connect(fd, address, address.length) === 0 ? credentials(fd) : undefined;
  } finally {
    libc().close(fd);
  }
}

/** `struct ucred` of the socket's other end: pid, uid, gid, of the time at which it began to listen. */
function credentials(fd: number): Holder {
  const values = new Uint32Array(3);
  const failed = libc().getsockopt(fd, SOL_SOCKET, SO_PEERCRED, values, new Uint32Array([values.byteLength]));
  return failed || values[0] === 0 ? {} : { pid: values[0] };
}

function open(): number {
  const fd = libc().socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new NetlinkError("open a unix socket", "none is to be had", { code: 0 });
  return fd;
}

/** `struct sockaddr_un`: the family in the machine's byte order, and the name behind a NUL. */
function addressOf(name: string): Uint8Array<ArrayBuffer> {
  const address = new TextEncoder().encode(`\0\0\0${name}`);
  new Uint16Array(address.buffer, 0, 1)[0] = AF_UNIX;
  return address;
}
