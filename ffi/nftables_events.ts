/** What changes in nftables' rulesets, as the kernel tells of it: NFNLGRP_NFTABLES (linux/netfilter/nfnetlink.h). */

import { attributes, HEADER_BYTES, type Message, messages } from "./message.ts";
import { namesTable, NETLINK_NETFILTER, NFGENMSG_BYTES, NFNLGRP_NFTABLES, TABLE_NAME } from "./nfnetlink.ts";
import { LostEvents, Socket } from "./socket.ts";

/** Other programs' rulesets may be long: this holds some 10,000 of their rules. */
const BUFFER = 8 * 1024 * 1024;

/** Its descriptor can be read when something has changed. */
export class NftablesEvents implements Disposable {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Hears from now on. Throws NetlinkError. */
  static open({ receiveBuffer = BUFFER }: { receiveBuffer?: number } = {}): NftablesEvents {
    return new NftablesEvents(
      Socket.open({ protocol: NETLINK_NETFILTER, groups: [NFNLGRP_NFTABLES], receiveBuffer }),
    );
  }

  get fd(): number {
    return this.#socket.fd;
  }

  /**
   * Whether anything has changed, since the last call, in tables of that name, of whatever family, or may have, because
   * messages were lost. What one has changed oneself counts, too.
   */
  drain(table: string): boolean {
    let isConcerned = false;
    for (;;) {
      try {
        const datagram = this.#socket.receive();
        if (!datagram) return isConcerned;
        for (const message of messages(datagram)) isConcerned ||= tableOf(message) === table;
      } catch (error) {
        if (!(error instanceof LostEvents)) throw error;
        isConcerned = true;
      }
    }
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

/** The name of the table that a message is about; undefined where it is about none. */
function tableOf({ datagram: { bytes }, at, length, type }: Message): string | undefined {
  if (!namesTable(type)) return undefined;
  const start = at * 4 + HEADER_BYTES + NFGENMSG_BYTES;
  for (const { type, payload } of attributes(bytes, start, at * 4 + length)) {
    if (type === TABLE_NAME) return new TextDecoder().decode(payload).replace(/\0.*$/s, "");
  }
}
