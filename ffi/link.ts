/** Network interfaces, read from libnl's link cache. */

import { type Family, formatIp } from "../src/model/address.ts";
import type { Link } from "../src/model/records.ts";
import { Cache } from "./cache.ts";
import { libnlRoute } from "./libnl_pair.ts";
import { AF_INET, AF_INET6, attributes, HEADER_BYTES, MESSAGE, type Message } from "./message.ts";
import { readCString } from "./memory.ts";
import type { Socket } from "./socket.ts";

/** linux/if.h */
const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;
const IFF_RUNNING = 0x40;

export class LinkCache implements Disposable {
  readonly #cache = Cache.open("route/link");

  read(socket: Socket): Link[] {
    this.#cache.refill(socket);
    return Array.from(this.#cache.objects(), linkOf);
  }

  [Symbol.dispose](): void {
    this.#cache[Symbol.dispose]();
  }
}

function linkOf(link: Deno.PointerObject): Link {
  const nl = libnlRoute();
  const flags = nl.rtnl_link_get_flags(link);
  return {
    ifindex: nl.rtnl_link_get_ifindex(link),
    name: readCString(nl.rtnl_link_get_name(link)) ?? "",
    up: (flags & IFF_UP) !== 0,
    loopback: (flags & IFF_LOOPBACK) !== 0,
    kind: readCString(nl.rtnl_link_get_type(link)),
    arptype: nl.rtnl_link_get_arptype(link),
    master: nl.rtnl_link_get_master(link) || undefined,
    vrfTable: vrfTable(link),
  };
}

function vrfTable(link: Deno.PointerObject): number | undefined {
  if (!libnlRoute().rtnl_link_is_vrf(link)) return undefined;
  const table = new Uint32Array(1);
  return libnlRoute().rtnl_link_vrf_get_tableid(link, table) < 0 ? undefined : table[0];
}

/** The interface that a link's message says is down, without carrier or gone (`struct ifinfomsg`), if it says so. */
export function lostLink({ type, datagram: { words }, at }: Message): number | undefined {
  const [ifindex, flags] = [words[at + 5], words[at + 6]];
  const isAlive = (flags & IFF_UP) !== 0 && (flags & IFF_RUNNING) !== 0;
  return type === MESSAGE.delLink || !isAlive ? ifindex : undefined;
}

/** An address that has left an interface. */
export interface GoneAddress {
  readonly family: Family;
  readonly ifindex: number;
  readonly ip: string;
}

/** IFA_ADDRESS, and IFA_LOCAL where the two differ (linux/if_addr.h). */
const ADDRESS = 1, LOCAL = 2;
const IFADDRMSG_BYTES = 8;

/** The address that has gone (`struct ifaddrmsg`), if the message says so. */
export function goneAddress(
  { type, datagram: { bytes, words }, at, length }: Message,
): GoneAddress | undefined {
  const number = words[at + HEADER_BYTES / 4] & 0xff;
  const family = number === AF_INET ? 4 : number === AF_INET6 ? 6 : undefined;
  if (type !== MESSAGE.delAddress || !family) return undefined;
  let ip = "";
  for (const attribute of attributes(bytes, 4 * at + HEADER_BYTES + IFADDRMSG_BYTES, 4 * at + length)) {
    if (attribute.type !== LOCAL && (attribute.type !== ADDRESS || ip)) continue;
    const view = new DataView(attribute.payload.buffer, attribute.payload.byteOffset);
    ip = formatIp(family, Array.from({ length: family === 4 ? 1 : 4 }, (_, i) => view.getUint32(4 * i)));
  }
  return { family, ifindex: words[at + 5], ip };
}
