/**
 * A name that one process of a network namespace holds: a listening socket with an abstract address (unix(7)). Such a name
 * needs no file, belongs to the network namespace, and goes with the process that holds it, whatever that dies of.
 */

import { Connection } from "./connection.ts";
import { libc } from "./libc.ts";
import { openUnix, SOCK, SOCKET_FLAGS, unixAddress } from "./unix.ts";

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
    const fd = openUnix(SOCK.stream), address = unixAddress(`@${name}`)!;
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

  /** The next one of those who have asked who holds the name, or for more; undefined where nobody is left. */
  nextAsker(): Connection | undefined {
    const asker = libc().accept4(this.#fd, null, null, SOCKET_FLAGS);
    return asker < 0 ? undefined : new Connection(asker);
  }

  [Symbol.dispose](): void {
    // By the second time the number may be another file's.
    if (this.#fd >= 0) libc().close(this.#fd);
    this.#fd = -1;
  }
}

/** Who holds the name; undefined where nobody does, or too many have asked. */
export function holderOf(name: string): Holder | undefined {
  using connection = Connection.to(`@${name}`);
  return connection && { pid: connection.peer?.pid };
}
