/** Waiting for a socket without a busy loop: poll(2), with an eventfd(2) to be woken by. */

import { Descriptor } from "./descriptor.ts";
import { failure } from "./error.ts";
import { libc } from "./libc.ts";

const POLLIN = 1;
const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;

/** Waits until a descriptor can be read; its own is what it is woken by. Not to be disposed of while it waits. */
export class Waiter extends Descriptor {
  /** `struct pollfd`s, of its descriptor and its own: fd (4 bytes), events (2), revents (2). */
  readonly #fds: Int32Array<ArrayBuffer>;
  /** What another thread is working on, kept from being freed meanwhile. */
  #lent?: Int32Array<ArrayBuffer>;

  constructor(fd: number) {
    super(libc().eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (this.fd < 0) throw failure("wait for the kernel: open an eventfd");
    this.#fds = new Int32Array([fd, POLLIN, this.fd, POLLIN]);
  }

  /** Whether the descriptor can be read within `milliseconds`; nothing else runs meanwhile. */
  ready(milliseconds: number): boolean {
    return libc().poll(this.#fds, 1n, milliseconds) > 0;
  }

  /**
   * The same, for at most `milliseconds` (-1: as long as it takes), on a thread aside; `wake` ends it early, and so do
   * other descriptors that can be read.
   */
  async wait(milliseconds: number, others: readonly number[] = []): Promise<void> {
    const fds = this.#lent = new Int32Array([...this.#fds, ...others.flatMap((fd) => [fd, POLLIN])]);
    await libc().poll_aside(fds, BigInt(fds.length / 2), milliseconds);
    libc().read(this.fd, new BigUint64Array(1), 8n);
  }

  wake(): void {
    libc().write(this.fd, new BigUint64Array([1n]), 8n);
  }
}
