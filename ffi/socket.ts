/** Netlink sockets, by libnl. See libnl's netlink/socket.h, netlink(7), socket(7). */

import { check, ERRNO, NetlinkError } from "./error.ts";
import { libc } from "./libc.ts";
import { libnl } from "./libnl_pair.ts";
import { copyFrom } from "./memory.ts";
import type { Datagram } from "./message.ts";
import { OutPointer, Owned } from "./owned.ts";

const NETLINK_ROUTE = 0;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_SNDBUF = 7;
const SO_RCVTIMEO = 20;
const SO_RCVBUFFORCE = 33;
const SO_MEMINFO = 55;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;

/** libnl's codes (netlink/errno.h), negated. */
const NLE_AGAIN = -4;
const NLE_NOMEM = -5;
const NLE_MSG_TRUNC = -18;

/** As much as the kernel puts into one datagram of a dump, twice. */
export const DATAGRAM_BYTES = 64 * 1024;
const ANSWER_SECONDS = 5;

/** Multicast groups (`enum rtnetlink_groups`, linux/rtnetlink.h). */
export const GROUP = {
  link: 1,
  address4: 5,
  route4: 7,
  rule4: 8,
  address6: 9,
  route6: 11,
  rule6: 19,
  netconf4: 24,
  netconf6: 25,
  nexthop: 32,
} as const;

/** The kernel had more to tell than the socket's buffer held: what was told is not all. */
export class LostEvents extends NetlinkError {
  constructor(reason: string) {
    super("receive from netlink", reason, { code: ERRNO.ENOBUFS });
  }
}

export interface SocketOptions {
  /** `NETLINK_*` (linux/netlink.h); that of routing unless told. */
  readonly protocol?: number;
  /** Groups to join. Such a socket does not block. */
  readonly groups?: readonly number[];
  /** In bytes; above the system's limit where CAP_NET_ADMIN allows it. */
  readonly receiveBuffer?: number;
  /** Have the kernel check and obey the filters of dump requests (linux/netlink.h: NETLINK_GET_STRICT_CHK). */
  readonly strict?: boolean;
}

export class Socket extends Owned {
  readonly fd: number;
  /** The address that the kernel knows the socket by: in a notification, whose request led to it. */
  readonly port: number;
  #sequence?: number;
  readonly #received: Datagram;
  readonly #out = new OutPointer();
  readonly #sender = new Uint8Array(12);

  private constructor(pointer: Deno.PointerObject, protocol: number) {
    super("socket", pointer);
    const bytes = new Uint8Array(DATAGRAM_BYTES);
    this.#received = { bytes, words: new Uint32Array(bytes.buffer), length: 0 };
    try {
      check(libnl().nl_connect(pointer, protocol), "open a netlink socket");
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
    this.fd = libnl().nl_socket_get_fd(pointer);
    this.port = libnl().nl_socket_get_local_port(pointer);
  }

  static open(options: SocketOptions = {}): Socket {
    const pointer = libnl().nl_socket_alloc();
    if (!pointer) throw new NetlinkError("open a netlink socket", "out of memory", { code: NLE_NOMEM });
    const socket = new Socket(pointer, options.protocol ?? NETLINK_ROUTE);
    try {
      socket.#configure(options);
    } catch (error) {
      socket[Symbol.dispose]();
      throw error;
    }
    return socket;
  }

  #configure({ groups = [], receiveBuffer, strict }: SocketOptions): void {
    const nl = libnl();
    nl.nl_socket_disable_msg_peek(this.pointer);
    check(nl.nl_socket_set_msg_buf_size(this.pointer, BigInt(DATAGRAM_BYTES)), "size a netlink buffer");
    this.#set(SOL_NETLINK, NETLINK_EXT_ACK, 1);
    this.#set(SOL_NETLINK, NETLINK_CAP_ACK, 1);
    this.#set(SOL_SOCKET, SO_SNDBUF, 4 * DATAGRAM_BYTES);
    if (receiveBuffer && !this.#set(SOL_SOCKET, SO_RCVBUFFORCE, receiveBuffer)) {
      this.#set(SOL_SOCKET, SO_RCVBUF, receiveBuffer);
    }
    if (strict) this.#set(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
    if (groups.length > 0) check(nl.nl_socket_set_nonblocking(this.pointer), "set a netlink socket up");
    else this.#setTimeout(ANSWER_SECONDS);
    for (const group of groups) this.#join(group);
  }

  #join(group: number): void {
    const joined = libnl().nl_socket_add_membership(this.pointer, group);
    // Kernels before 5.3 have no next hop objects, and so no group to tell of them.
    if (group !== GROUP.nexthop) check(joined, `join netlink group ${group}`);
  }

  #set(level: number, option: number, value: number): boolean {
    return libc().setsockopt(this.fd, level, option, new Int32Array([value]), 4) === 0;
  }

  #setTimeout(seconds: number): void {
    libc().setsockopt(this.fd, SOL_SOCKET, SO_RCVTIMEO, new BigInt64Array([BigInt(seconds), 0n]), 16);
  }

  /** A sequence number for one request. libnl gives the first; a call of its for each would cost as much as encoding it. */
  nextSequence(): number {
    this.#sequence = ((this.#sequence ?? libnl().nl_socket_use_seq(this.pointer)) + 1) >>> 0;
    return this.#sequence;
  }

  /** Sends messages that are complete, with their headers. */
  send(bytes: Uint8Array<ArrayBuffer>): void {
    check(libnl().nl_sendto(this.pointer, bytes, BigInt(bytes.length)), "send a netlink request");
  }

  /**
   * The next datagram, valid until the next call; undefined where there is none (after some seconds, if the socket
   * blocks). Throws LostEvents where the kernel had to drop some.
   */
  receive(): Datagram | undefined {
    const size = libnl().nl_recv(this.pointer, this.#sender, this.#out.buffer, null);
    const message = this.#out.take();
    try {
      if (size === NLE_AGAIN || size === 0) return undefined;
      if (size === NLE_NOMEM || size === NLE_MSG_TRUNC) throw new LostEvents("messages were lost");
      check(size, "receive from netlink");
      if (!message || size > DATAGRAM_BYTES) throw new LostEvents("a message was too long");
      copyFrom(message, this.#received.bytes.subarray(0, size));
      this.#received.length = size;
      return this.#received;
    } finally {
      if (message) libc().free(message);
    }
  }

  /** How many messages the kernel has dropped because the receive buffer was full. */
  drops(): number {
    const values = new Uint32Array(9);
    const failed = libc().getsockopt(this.fd, SOL_SOCKET, SO_MEMINFO, values, new Uint32Array([36]));
    return failed ? 0 : values[8];
  }

  protected override free(pointer: Deno.PointerObject): void {
    libnl().nl_socket_free(pointer);
  }
}
