/** Addresses: libnl's cache of an interface's own, and libnl's abstract addresses. */

import { type Family, formatIp, parsePrefix } from "../src/model/address.ts";
import type { Address } from "../src/model/records.ts";
import { Cache } from "./cache.ts";
import { libnl, libnlRoute } from "./libnl_pair.ts";
import { copyFrom } from "./memory.ts";
import { AF_INET, AF_INET6, swap32 } from "./message.ts";
import { Owned } from "./owned.ts";
import { familyNumber } from "./path.ts";
import type { Socket } from "./socket.ts";

export class AddressCache implements Disposable {
  readonly #cache = Cache.open("route/addr");

  read(socket: Socket): Address[] {
    this.#cache.refill(socket);
    return Array.from(this.#cache.objects(), addressOf).filter((address) => address !== undefined);
  }

  [Symbol.dispose](): void {
    this.#cache[Symbol.dispose]();
  }
}

function addressOf(address: Deno.PointerObject): Address | undefined {
  const nl = libnlRoute();
  const family = familyOf(nl.rtnl_addr_get_family(address));
  const local = nl.rtnl_addr_get_local(address);
  if (!family || !local) return undefined;
  const peer = nl.rtnl_addr_get_peer(address);
  return {
    family,
    ifindex: nl.rtnl_addr_get_ifindex(address),
    ip: formatIp(family, wordsOf(local)),
    prefixLength: nl.rtnl_addr_get_prefixlen(address),
    scope: nl.rtnl_addr_get_scope(address),
    flags: nl.rtnl_addr_get_flags(address),
    peer: peer ? formatIp(family, wordsOf(peer)) : undefined,
  };
}

/** Our word for AF_INET and AF_INET6; undefined for another family. */
export function familyOf(number: number): Family | undefined {
  return number === AF_INET ? 4 : number === AF_INET6 ? 6 : undefined;
}

/** The 32-bit words of a borrowed `struct nl_addr`. */
function wordsOf(address: Deno.PointerObject): number[] {
  const bytes = libnl().nl_addr_get_binary_addr(address);
  const count = libnl().nl_addr_get_len(address) >>> 2;
  if (!bytes) return [];
  const words = new Uint32Array(count);
  copyFrom(bytes, new Uint8Array(words.buffer));
  return Array.from(words, swap32);
}

/** A `struct nl_addr` of ours. */
export class AbstractAddress extends Owned {
  /** From `10.0.0.2` or `10.0.0.0/8`. */
  static of(text: string): AbstractAddress {
    const prefix = parsePrefix(text);
    if (!prefix) throw new TypeError(`not an address: ${text}`);
    const words = Uint32Array.from(prefix.words, swap32);
    const pointer = libnl().nl_addr_build(familyNumber(prefix.family), words, BigInt(words.byteLength));
    if (!pointer) throw new TypeError("libnl is out of memory");
    libnl().nl_addr_set_prefixlen(pointer, prefix.length);
    return new AbstractAddress("nl_addr", pointer);
  }

  protected override free(pointer: Deno.PointerObject): void {
    libnl().nl_addr_put(pointer);
  }
}
