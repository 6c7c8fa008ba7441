/**
 * A name that one process of a network namespace holds: a socket with an abstract address (unix(7)). Such a name needs no
 * file, belongs to the network namespace, and goes with the process that holds it, whatever that dies of.
 */

import { Descriptor } from "./descriptor.ts";
import { ERRNO, failure } from "./error.ts";
import { keepOpen, libc } from "./libc.ts";
import { openUnix, SOCK, unixAddress } from "./unix.ts";

export class Claim extends Descriptor {
  /** Takes the name; undefined where somebody else has it. */
  static take(name: string): Claim | undefined {
    const fd = openUnix(SOCK.stream), address = unixAddress(`@${name}`)!;
    if (libc().bind(fd, address, address.length) === 0) return new Claim(fd);
    const error = failure(`take the name @${name}`);
    libc().close(fd);
    if (error.code !== ERRNO.EADDRINUSE) throw error;
    return undefined;
  }

  /** Takes over what another program has left open. */
  static inherit(fd: number): Claim {
    keepOpen(fd, false);
    return new Claim(fd);
  }
}
