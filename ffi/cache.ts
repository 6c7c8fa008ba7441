/** libnl's object caches: links and addresses. (Not routes: that cache of libnl's is quadratic. Not rules: see there.) */

import { check, NetlinkError } from "./error.ts";
import { libnl, libnlRoute } from "./libnl_pair.ts";
import { FLAG, MESSAGE, type Message } from "./message.ts";
import { cString, OutPointer, Owned } from "./owned.ts";
import { dump, InterruptedDump, Writer } from "./request.ts";
import type { Socket } from "./socket.ts";

/** How the objects of each kind are asked for and told of; `words` is the size of the kind's header. */
const KINDS = {
  "route/link": { op: "read the interfaces", get: MESSAGE.getLink, found: MESSAGE.newLink, words: 4 },
  "route/addr": { op: "read the addresses", get: MESSAGE.getAddress, found: MESSAGE.newAddress, words: 2 },
} as const;

export type CacheKind = keyof typeof KINDS;

/** How often a dump is begun again that changed meanwhile. */
const ATTEMPTS = 5;

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

  /**
   * Reads all objects anew. Throws where that fails; the cache is not to be read then. The dump is ours, because libnl's own
   * refill takes one that ends with an error for all there is, and one that was interrupted for some of it twice.
   */
  refill(socket: Socket): void {
    for (let attempt = 1;; attempt++) {
      try {
        return this.#read(socket);
      } catch (error) {
        if (!(error instanceof InterruptedDump) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  #read(socket: Socket): void {
    const { op, get, found, words } = KINDS[this.#kind];
    libnl().nl_cache_clear(this.pointer);
    const writer = new Writer();
    writer.begin(get, { flags: FLAG.dump, sequence: socket.nextSequence() });
    for (let i = 0; i < words; i++) writer.word(0);
    writer.end();
    for (const message of dump(socket, writer, op)) if (message.type === found) this.#take(message);
  }

  #take({ datagram: { bytes }, at, length }: Message): void {
    using message = ParsedMessage.of(bytes.subarray(at * 4, at * 4 + length));
    check(libnl().nl_cache_parse_and_add(this.pointer, message.pointer), KINDS[this.#kind].op);
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

/** A `struct nl_msg` with a copy of a message. */
class ParsedMessage extends Owned {
  static of(bytes: Uint8Array<ArrayBuffer>): ParsedMessage {
    const pointer = libnl().nlmsg_convert(bytes);
    if (!pointer) throw new NetlinkError("read a message", "libnl is out of memory", { code: 0 });
    return new ParsedMessage("nl_msg", pointer);
  }

  protected override free(pointer: Deno.PointerObject): void {
    libnl().nlmsg_free(pointer);
  }
}
