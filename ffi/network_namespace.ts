/** Which network namespace this is: namespaces(7), readlink(2). */

import { failure } from "./error.ts";
import { libc } from "./libc.ts";
import { cString } from "./owned.ts";

/** The inode of this thread's network namespace, which no other has while this one is there. Throws NetlinkError. */
export function networkNamespace(): number {
  const bytes = new Uint8Array(64), op = "tell the network namespace";
  const length = Number(libc().readlink(cString("/proc/thread-self/ns/net"), bytes, BigInt(bytes.length)));
  if (length < 0) throw failure(op);
  const inode = /^net:\[(\d+)\]$/.exec(new TextDecoder().decode(bytes.subarray(0, length)))?.[1];
  if (!inode) throw new TypeError(`${op}: the kernel names it unlike any other`);
  return Number(inode);
}
