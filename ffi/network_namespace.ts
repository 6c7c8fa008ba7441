/** Which network namespace this is: socket(7), namespaces(7), readlink(2). */

import { Descriptor } from "./descriptor.ts";
import { failure } from "./error.ts";
import { libc } from "./libc.ts";
import { cString } from "./owned.ts";
import { openUnix, SOCK } from "./unix.ts";

/** asm-generic/socket.h */
const SOL_SOCKET = 1, SO_NETNS_COOKIE = 71;

class Probe extends Descriptor {
  constructor() {
    super(openUnix(SOCK.datagram));
  }
}

/**
 * What tells this thread's network namespace from others: its cookie, which no other one ever has until the next boot. Before
 * Linux 5.14 its inode, which another one may have when it has gone. Throws NetlinkError.
 */
export function networkNamespace(): string {
  return cookie() ?? inode();
}

function cookie(): string | undefined {
  using probe = new Probe();
  const value = new BigUint64Array(1), length = new Uint32Array([8]);
  const failed = libc().getsockopt(probe.fd, SOL_SOCKET, SO_NETNS_COOKIE, value, length);
  return failed === 0 ? String(value[0]) : undefined;
}

function inode(): string {
  const bytes = new Uint8Array(64), op = "tell the network namespace";
  const length = Number(libc().readlink(cString("/proc/thread-self/ns/net"), bytes, BigInt(bytes.length)));
  if (length < 0) throw failure(op);
  const number = /^net:\[(\d+)\]$/.exec(new TextDecoder().decode(bytes.subarray(0, length)))?.[1];
  if (!number) throw new TypeError(`${op}: the kernel names it unlike any other`);
  return number;
}
