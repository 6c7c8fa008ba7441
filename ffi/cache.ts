/** libnl's object caches: links and addresses. (Not routes: that cache of libnl's is quadratic. Not rules: see there.) */

import { check } from "./error.ts";
import { libnl } from "./libnl.ts";
import { libnlRoute } from "./libnl_route.ts";
import { cString, OutPointer, Owned } from "./owned.ts";
import type { Socket } from "./socket.ts";

export type CacheKind = "route/link" | "route/addr";

export class Cache extends Owned {
  readonly #kind: CacheKind;

  private constructor(kind: CacheKind, pointer: Deno.PointerObject) {
    super("cache", pointer);
    this.#kind = kind;
  }

  /** An empty cache. */
  static open(kind: CacheKind): Cache {
    // libnl-route makes its kinds known when it is loaded.
    libnlRoute();
    const out = new OutPointer();
    const op = `make a cache of ${kind}`;
    check(libnl().nl_cache_alloc_name(cString(kind), out.buffer), op);
    const pointer = out.take();
    if (!pointer) throw new TypeError(`${op}: libnl gave none`);
    return new Cache(kind, pointer);
  }

  /** Reads all objects anew. Throws where that fails; the cache is not to be read then. */
  refill(socket: Socket): void {
    check(libnl().nl_cache_refill(socket.pointer, this.pointer), `read ${this.#kind}`);
  }

  /** Every object, borrowed until the next refill. */
  *objects(): Generator<Deno.PointerObject> {
    const nl = libnl();
    let object = nl.nl_cache_get_first(this.pointer);
    for (; object; object = nl.nl_cache_get_next(object)) yield object;
  }

  protected override free(pointer: Deno.PointerObject): void {
    libnl().nl_cache_free(pointer);
  }
}
