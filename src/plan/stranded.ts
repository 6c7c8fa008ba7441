/** Routes of main that the kernel took once and takes no second time: their gateways are out of reach by now. */

import { bits, type Family, isLinkLocal, maskWords, parseIp } from "../model/address.ts";
import { type Nexthop, ONLINK, type Path, SCOPE, TABLE, TYPE } from "../model/records.ts";
import type { RouteStore, Stores } from "../model/store.ts";

/** Tells of paths whether the kernel would refuse them for a gateway. Asked once, it remembers: for as long as main stays. */
export class Stranded {
  readonly #stores: Stores;
  /** By the number of a path; many routes share one. */
  readonly #known = new Map<number, Nexthop | undefined>();

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  /** The first next hop of a path whose gateway is on no network of its interface, as far as main tells. */
  hop(family: Family, id: number): Nexthop | undefined {
    if (this.#known.has(id)) return this.#known.get(id);
    const { nexthops } = this.#stores[family].paths.get(id);
    const found = nexthops.find((hop) =>
      hop.gateway && !(hop.flags & ONLINK) && !isOnLink(hop, this.#stores)
    );
    this.#known.set(id, found);
    return found;
  }
}

/**
 * IPv4 wants any route by that interface with a scope of link or narrower (fib_check_nh, net/ipv4/fib_semantics.c); IPv6
 * that the best one by it has no gateway itself (ip6_route_check_nh, net/ipv6/route.c).
 */
function isOnLink({ gateway, ifindex }: Nexthop, stores: Stores): boolean {
  const { family, words } = parseIp(gateway!)!, store = stores[family];
  if (family === 6 && isLinkLocal(6, words)) return true;
  for (let length = bits(family); length >= 0; length--) {
    const key = store.keys.find(maskWords(words, length), store.keys.meta(length));
    for (const path of key < 0 ? [] : pathsBy(ifindex, key, store)) {
      if (family === 6) return path.nexthops.every((hop) => !hop.gateway);
      if (path.scope >= SCOPE.link) return true;
    }
  }
  return false;
}

/** Those of main's routes of one key that leave by the interface, best first. */
function pathsBy(ifindex: number, key: number, store: RouteStore): Path[] {
  const found: Path[] = [];
  for (let slot = store.first(key); slot >= 0; slot = store.next(slot)) {
    const path = store.paths.get(store.path(slot));
    const leaves = path.type === TYPE.unicast && path.nexthops.some((hop) => hop.ifindex === ifindex);
    if (leaves && store.table(slot) === TABLE.main) found.push(path);
  }
  return found;
}
