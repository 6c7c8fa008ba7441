/** Waiting for a socket without a busy loop: poll(2), with an eventfd(2) to be woken by. */

import { failure } from "./error.ts";
import { libc } from "./libc.ts";

const POLLIN = 1;
const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;
/** poll(2) passes over it. */
const NONE = -1;

/** Waits until a descriptor can be read. Not to be disposed of while it waits. */
export class Waiter implements Disposable {
  #wake: number;
  /** Three of `struct pollfd`: fd (4 bytes), events (2), revents (2). */
  readonly #fds = new Int32Array(6);

  constructor(fd: number) {
    this.#wake = libc().eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (this.#wake < 0) throw failure("wait for the kernel: open an eventfd");
    this.#fds.set([fd, POLLIN, this.#wake, POLLIN, NONE, POLLIN]);
  }

  /** Whether the descriptor can be read within `milliseconds`; nothing else runs meanwhile. */
  ready(milliseconds: number): boolean {
    return libc().poll(this.#fds, 1n, milliseconds) > 0;
  }

  /**
   * The same, for at most `milliseconds` (-1: as long as it takes), on a thread aside; `wake` ends it early, and so does
   * another descriptor that can be read.
   */
  async wait(milliseconds: number, other = NONE): Promise<void> {
    this.#fds[4] = other;
    await libc().poll_aside(this.#fds, 3n, milliseconds);
    libc().read(this.#wake, new BigUint64Array(1), 8n);
  }

  wake(): void {
    libc().write(this.#wake, new BigUint64Array([1n]), 8n);
  }

  [Symbol.dispose](): void {
    // By the second time the number may be another file's.
    if (this.#wake >= 0) libc().close(this.#wake);
    this.#wake = -1;
  }
}
