/** Waiting for a socket without a busy loop: poll(2), with an eventfd(2) to be woken by. */

import { Descriptor } from "./descriptor.ts";
import { failure } from "./error.ts";
import { libc } from "./libc.ts";

const POLLIN = 1;
const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;
/** poll(2) passes over it. */
const NONE = -1;

/** Waits until a descriptor can be read; its own is what it is woken by. Not to be disposed of while it waits. */
export class Waiter extends Descriptor {
  /** Three of `struct pollfd`: fd (4 bytes), events (2), revents (2). */
  readonly #fds = new Int32Array(6);

  constructor(fd: number) {
    super(libc().eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (this.fd < 0) throw failure("wait for the kernel: open an eventfd");
    this.#fds.set([fd, POLLIN, this.fd, POLLIN, NONE, POLLIN]);
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
    libc().read(this.fd, new BigUint64Array(1), 8n);
  }

  wake(): void {
    libc().write(this.fd, new BigUint64Array([1n]), 8n);
  }
}
