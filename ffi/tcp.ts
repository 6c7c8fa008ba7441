/** Established TCP connections: SOCK_DIAG_BY_FAMILY (linux/sock_diag.h, linux/inet_diag.h, sock_diag(7)). */

import type { TcpConnection } from "../src/model/records.ts";
import type { Family } from "../src/model/address.ts";
import { familyOf } from "./address.ts";
import { FLAG, HEADER_BYTES, type Message } from "./message.ts";
import { familyNumber, ipText } from "./path.ts";
import { dump, Writer } from "./request.ts";
import { Socket } from "./socket.ts";

const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const IPPROTO_TCP = 6;
/** `1 << TCP_ESTABLISHED` (netinet/tcp.h). */
const ESTABLISHED = 1 << 1;
/** The words of `struct inet_diag_req_v2`, and the bytes of `struct inet_diag_msg` up to its second address. */
const REQUEST_WORDS = 14, ANSWER_BYTES = 40;
/** Where `struct inet_diag_msg` has the ports, the local address and the other's. */
const PORTS = 4, LOCAL = 8, PEER = 24;
/** ::ffff:0:0/96 stands for IPv4, on a socket that serves both (RFC 4291, 2.5.5.2). */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

/**
 * Every established connection of this network namespace, once, by the family of its packets. Throws NetlinkError, also
 * where the kernel cannot tell.
 */
export function readTcpConnections(): TcpConnection[] {
  using socket = Socket.open({ protocol: NETLINK_SOCK_DIAG });
  return ([4, 6] as const).flatMap((family) => read(socket, family));
}

function read(socket: Socket, family: Family): TcpConnection[] {
  const writer = new Writer();
  writer.begin(SOCK_DIAG_BY_FAMILY, { flags: FLAG.dump, sequence: socket.nextSequence() });
  writer.word(familyNumber(family) | (IPPROTO_TCP << 8));
  writer.word(ESTABLISHED);
  for (let i = 2; i < REQUEST_WORDS; i++) writer.word(0);
  writer.end();
  // That there is no such thing means here that the kernel lacks what tells of connections.
  const messages = dump(socket, writer, "read the TCP connections", { absent: [] });
  return Array.from(messages, connectionOf).filter((one) => one !== undefined);
}

function connectionOf({ datagram: { bytes }, at, length, type }: Message): TcpConnection | undefined {
  const start = at * 4 + HEADER_BYTES;
  const family = familyOf(bytes[start]);
  if (type !== SOCK_DIAG_BY_FAMILY || length < HEADER_BYTES + ANSWER_BYTES || !family) return undefined;
  const ip = (offset: number) =>
    ipText(bytes.subarray(start + offset, start + offset + (family === 4 ? 4 : 16)));
  const port = (offset: number) => (bytes[start + offset] << 8) | bytes[start + offset + 1];
  const [local, peer] = [ip(LOCAL), ip(PEER)];
  const mapped = [local, peer].map((text) => MAPPED.exec(text)?.[1]);
  const ports = { localPort: port(PORTS), peerPort: port(PORTS + 2) };
  return mapped[0] && mapped[1]
    ? { family: 4, local: mapped[0], peer: mapped[1], ...ports }
    : { family, local, peer, ...ports };
}
