// The socket to which a service tells how it is: every message with its time, as systemd would get them.

import assert from "node:assert/strict";
import { libc } from "../../ffi/libc.ts";
import { openUnix, SOCK, unixAddress } from "../../ffi/unix.ts";
import { eventually, type Patience } from "./process.ts";
import "../ffi/libraries.ts";

/** Milliseconds from one look to the next. */
const INTERVAL = 5;

export interface Message {
  /** Its assignments. */
  text: string;
  /** When it was read, on the clock of `performance.now()`. */
  at: number;
}

/** Hears from when it is made until it is disposed of. */
export class NotifySocket implements Disposable {
  readonly messages: Message[] = [];
  readonly #fd = openUnix(SOCK.datagram);
  readonly #timer: ReturnType<typeof setInterval>;

  /** At a path, or at an abstract name: `@…`. */
  constructor(readonly path: string = `/run/notify-${crypto.randomUUID()}`) {
    const address = unixAddress(path)!;
    assert.equal(libc().bind(this.#fd, address, address.length), 0, `${path} cannot be bound`);
    this.#timer = setInterval(() => this.hear(), INTERVAL);
  }

  /** Reads what has come; gives all that came so far. */
  hear(): string[] {
    const bytes = new Uint8Array(4096);
    for (let size; (size = Number(libc().read(this.#fd, bytes, BigInt(bytes.length)))) > 0;) {
      const text = new TextDecoder().decode(bytes.subarray(0, size));
      this.messages.push({ text, at: performance.now() });
    }
    return this.messages.map(({ text }) => text);
  }

  /** Awaits a message that matches, at `from` or later among them. */
  async said(
    pattern: RegExp,
    { from = 0, ...patience }: Patience & { from?: number } = {},
  ): Promise<Message> {
    return await eventually(() => {
      this.hear();
      const found = this.messages.slice(from).find(({ text }) => pattern.test(text));
      if (!found) {
        throw new Error(`no message ${pattern} in:\n${this.messages.map(({ text }) => text).join("\n")}`);
      }
      return found;
    }, { within: 20_000, ...patience });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    libc().close(this.#fd);
    if (this.path.startsWith("/")) Deno.removeSync(this.path);
  }
}
