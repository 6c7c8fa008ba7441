/** Whether the host forwards: RTM_GETNETCONF (linux/netconf.h). */

import type { Family } from "../src/model/address.ts";
import { errnoText } from "./errno.ts";
import { ERRNO, NetlinkError } from "./error.ts";
import { attributes, HEADER_BYTES, MESSAGE, type Message, messages } from "./message.ts";
import { familyNumber } from "./path.ts";
import { errorOf, Writer } from "./request.ts";
import type { Socket } from "./socket.ts";

const NETCONFA_IFINDEX = 1;
const NETCONFA_FORWARDING = 2;
const NETCONFA_IFINDEX_ALL = -1;

/** Whether forwarding is on for all interfaces; undefined where the kernel does not have the family. */
export function readForwarding(socket: Socket, family: Family): boolean | undefined {
  const sequence = socket.nextSequence();
  const writer = new Writer();
  writer.begin(MESSAGE.getNetconf, { flags: 0, sequence });
  writer.word(familyNumber(family));
  writer.attribute32(NETCONFA_IFINDEX, NETCONFA_IFINDEX_ALL);
  writer.end();
  socket.send(writer.written);
  for (let datagram = socket.receive(); datagram; datagram = socket.receive()) {
    for (const message of messages(datagram)) {
      if (message.sequence !== sequence) continue;
      if (message.type === MESSAGE.error) return absent(message);
      const start = message.at * 4 + HEADER_BYTES + 4;
      for (const { type, payload } of attributes(datagram.bytes, start, message.at * 4 + message.length)) {
        if (type === NETCONFA_FORWARDING) return payload[0] !== 0;
      }
      return false;
    }
  }
  throw new NetlinkError("read whether the host forwards", "the kernel did not answer", { code: 0 });
}

/** Undefined where the answer says that there is no such family; throws for any other. */
function absent(message: Message): undefined {
  const errno = errorOf(message);
  if (errno === ERRNO.EOPNOTSUPP || errno === ERRNO.EAFNOSUPPORT) return undefined;
  throw new NetlinkError("read whether the host forwards", errnoText(errno), { code: errno });
}
