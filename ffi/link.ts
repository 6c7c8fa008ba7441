/** Network interfaces, read from libnl's link cache. */

import type { Link } from "../src/model/records.ts";
import { Cache } from "./cache.ts";
import { libnlRoute } from "./libnl_route.ts";
import { AF_INET, HEADER_BYTES, MESSAGE, type Message } from "./message.ts";
import { readCString } from "./owned.ts";
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

/** The interface that an IPv4 address has left (`struct ifaddrmsg`), if the message says so. */
export function lostAddress4({ type, datagram: { words }, at }: Message): number | undefined {
  const family = words[at + HEADER_BYTES / 4] & 0xff;
  return type === MESSAGE.delAddress && family === AF_INET ? words[at + 5] : undefined;
}
