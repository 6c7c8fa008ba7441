/**
 * The lock of a file or folder (flock(2)): it needs no file of its own, writes nothing, holds for whoever sees that file by
 * whatever path, and goes with the process, whatever that dies of.
 */

import { errno } from "./errno.ts";
import { libc } from "./libc.ts";
import { cString } from "./owned.ts";

const O_RDONLY = 0;
const O_CLOEXEC = 0o2000000;
/** LOCK_EX | LOCK_NB (sys/file.h). */
const EXCLUSIVE_NOW = 2 | 4;
/** asm-generic/errno.h */
const EWOULDBLOCK = 11;

export class Lock implements Disposable {
  #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** Takes it; undefined where somebody else has it. What cannot be opened or locked at all, nobody locks. */
  static take(path: string): Lock | undefined {
    const fd = libc().open(cString(path), O_RDONLY | O_CLOEXEC);
    const lock = new Lock(fd);
    if (fd < 0 || libc().flock(fd, EXCLUSIVE_NOW) === 0 || errno() !== EWOULDBLOCK) return lock;
    lock[Symbol.dispose]();
    return undefined;
  }

  [Symbol.dispose](): void {
    // By the second time the number may be another file's.
    if (this.#fd >= 0) libc().close(this.#fd);
    this.#fd = -1;
  }
}
