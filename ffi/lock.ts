/**
 * The lock of a file or folder (flock(2)): it needs no file of its own, writes nothing, holds for whoever sees that file by
 * whatever path, and goes with the process, whatever that dies of.
 */

import { Descriptor, openToRead } from "./descriptor.ts";
import { errno } from "./errno.ts";
import { ERRNO } from "./error.ts";
import { libc } from "./libc.ts";

/** LOCK_EX | LOCK_NB (sys/file.h). */
const EXCLUSIVE_NOW = 2 | 4;

export class Lock extends Descriptor {
  /** Takes it; undefined where somebody else has it. What cannot be opened or locked at all, nobody locks. */
  static take(path: string): Lock | undefined {
    const fd = openToRead(path);
    const lock = new Lock(fd);
    if (fd < 0 || libc().flock(fd, EXCLUSIVE_NOW) === 0 || errno() !== ERRNO.EAGAIN) return lock;
    lock[Symbol.dispose]();
    return undefined;
  }
}
