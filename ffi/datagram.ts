/** A unix socket that datagrams are sent from, to one address (unix(7)). */

import { Descriptor } from "./descriptor.ts";
import { libc } from "./libc.ts";
import { openUnix, SOCK, unixAddress } from "./unix.ts";

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

export class DatagramSender extends Descriptor {
  readonly #address: Uint8Array<ArrayBuffer>;

  private constructor(address: Uint8Array<ArrayBuffer>) {
    super(openUnix(SOCK.datagram));
    this.#address = address;
  }

  /** To a path or an abstract name (`@…`); undefined where `path` is neither. */
  static to(path: string): DatagramSender | undefined {
    const address = unixAddress(path);
    return address && new DatagramSender(address);
  }

  /** Whether it was sent: a receiver may have gone, or have too much to read already. */
  send(text: string): boolean {
    const bytes = new TextEncoder().encode(text), to = this.#address;
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    return libc().sendto(this.fd, bytes, BigInt(bytes.length), flags, to, to.length) >= 0;
  }
}
