/** File descriptors with one owner each. */

import { libc } from "./libc.ts";
import { cString } from "./owned.ts";

const O_RDONLY = 0;
const O_WRONLY = 1;
const O_CLOEXEC = 0o2000000;

/** A descriptor that its holder closes, once, with `[Symbol.dispose]` (best by `using`); a negative one is none. */
export abstract class Descriptor implements Disposable {
  #fd: number;

  protected constructor(fd: number) {
    this.#fd = fd;
  }

  get fd(): number {
    return this.#fd;
  }

  [Symbol.dispose](): void {
    // By the second time the number may be another file's.
    if (this.#fd >= 0) libc().close(this.#fd);
    this.#fd = -1;
  }
}

/** Opens a file or folder to be read; negative where that cannot be. It is the caller's to close: open(2). */
export function openToRead(path: string): number {
  return libc().open(cString(path), O_RDONLY | O_CLOEXEC);
}

/** The same for a file that is there, to be written. */
export function openToWrite(path: string): number {
  return libc().open(cString(path), O_WRONLY | O_CLOEXEC);
}
