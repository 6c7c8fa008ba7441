/**
 * A port of netlink's, by which programs of one network namespace speak with each other (netlink(7)). The kernel sees to it
 * that nobody sends to another program's port, and that nobody is marked, who may not change routes there: that takes
 * CAP_NET_ADMIN in the user namespace which owns the network namespace.
 */

import { Descriptor } from "./descriptor.ts";
import { ERRNO, failure, NetlinkError } from "./error.ts";
import { keepOpen, libc } from "./libc.ts";
import { SOCKET_FLAGS } from "./unix.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_ROUTE = 0;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;
/** `struct sockaddr_nl`, in words: the family (2 bytes, 2 of padding), the port, the groups. */
const ADDRESS_WORDS = 3;

/**
 * RTNLGRP_IPV4_MROUTE_R (linux/rtnetlink.h, Linux 4.13), what multicast routers are told: of the groups of NETLINK_ROUTE
 * this one and its like for IPv6 alone cannot be joined without the privilege.
 */
const GUARDED_GROUP = 30;

/** Of a whole range nobody else has one in that group; they are too many for anybody to hold them all. */
const FIRST_PORT = 0x70000000, PORTS = 0x4000000;
const ATTEMPTS = 16;

/** The longest message, in bytes; what has more is refused. */
export const MESSAGE_BYTES = 64 * 1024;

export interface Message {
  /** The sender's port. */
  readonly from: number;
  readonly text: string;
}

/** Its descriptor can be read when somebody has said something. */
export class Port extends Descriptor {
  readonly number: number;

  private constructor(fd: number, number: number) {
    super(fd);
    this.number = number;
  }

  /** One that nobody else has. */
  static open(): Port {
    const fd = libc().socket(AF_NETLINK, SOCK_RAW | SOCKET_FLAGS, NETLINK_ROUTE);
    if (fd < 0) throw failure("open a netlink socket");
    for (let attempt = 1;; attempt++) {
      const number = FIRST_PORT + crypto.getRandomValues(new Uint32Array(1))[0] % PORTS;
      if (libc().bind(fd, addressOf(number), 4 * ADDRESS_WORDS) === 0) return new Port(fd, number);
      const error = failure("take a netlink port");
      if (error.code === ERRNO.EADDRINUSE && attempt < ATTEMPTS) continue;
      libc().close(fd);
      throw error;
    }
  }

  /** Takes one that another program has left open, by its descriptor; undefined where it is none. */
  static inherit(fd: number): Port | undefined {
    const address = new Uint32Array(ADDRESS_WORDS), length = new Uint32Array([address.byteLength]);
    if (libc().getsockname(fd, address, length) !== 0 || (address[0] & 0xffff) !== AF_NETLINK) {
      return undefined;
    }
    keepOpen(fd, false);
    return new Port(fd, address[1]);
  }

  /** From now on `markedPorts` has it. */
  mark(): void {
    const group = new Int32Array([GUARDED_GROUP]);
    if (libc().setsockopt(this.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group, 4) !== 0) {
      throw failure(`join netlink group ${GUARDED_GROUP}`);
    }
  }

  /** Sends it whole or throws. */
  tell(port: number, text: string): void {
    const bytes = new TextEncoder().encode(text), to = addressOf(port);
    if (bytes.length > MESSAGE_BYTES) {
      throw new NetlinkError("send by netlink", "the message is too long", { code: ERRNO.EMSGSIZE });
    }
    const size = BigInt(bytes.length);
    if (libc().sendto(this.fd, bytes, size, MSG_DONTWAIT, to, to.byteLength) < 0n) {
      throw failure("send by netlink");
    }
  }

  /** What has been said; undefined where nothing has, for so many milliseconds. Nothing else runs meanwhile. */
  hear(milliseconds = 0): Message | undefined {
    const bytes = new Uint8Array(MESSAGE_BYTES), room = BigInt(bytes.length);
    const sender = new Uint32Array(ADDRESS_WORDS), waiting = new Int32Array([this.fd, POLLIN]);
    while (libc().poll(waiting, 1n, milliseconds) > 0) {
      const length = new Uint32Array([sender.byteLength]);
      const size = Number(libc().recvfrom(this.fd, bytes, room, MSG_DONTWAIT, sender, length));
      // What the kernel tells multicast routers, or that it could not, is not for us.
      if (size >= 0 && sender[1] !== 0) {
        return { from: sender[1], text: new TextDecoder().decode(bytes.subarray(0, size)) };
      }
    }
    return undefined;
  }
}

/** A port that is marked, and the inode of its socket, which a link of its holder's in /proc/PID/fd names. */
export interface MarkedPort {
  readonly number: number;
  readonly inode: string;
}

/** All marked ports of this thread's network namespace. */
export function markedPorts(): MarkedPort[] {
  const lines = Deno.readTextFileSync("/proc/thread-self/net/netlink").trim().split("\n").slice(1);
  return lines.flatMap((line) => {
    const words = line.split(/\s+/), number = Number(words[2]);
    const isGuarded = (parseInt(words[3], 16) >>> (GUARDED_GROUP - 1)) & 1;
    const isOurs = words[1] === `${NETLINK_ROUTE}` && number >= FIRST_PORT && number < FIRST_PORT + PORTS;
    return isGuarded && isOurs ? [{ number, inode: words[9] }] : [];
  });
}

function addressOf(port: number): Uint32Array<ArrayBuffer> {
  const address = new Uint32Array(ADDRESS_WORDS);
  new Uint16Array(address.buffer)[0] = AF_NETLINK;
  address[1] = port;
  return address;
}
