/**
 * Next hop objects (`struct nhmsg`, linux/nexthop.h). A route that has one names it by its number; what it leads to stands
 * beside that only where the sysctl nexthop_compat_mode is 1, as it is by default (Documentation/networking/ip-sysctl.rst).
 */

import type { Family } from "../src/model/address.ts";
import { type Attribute, type Nexthop, ONLINK, type Path } from "../src/model/records.ts";
import { attributes, FLAG, HEADER_BYTES, MESSAGE, type Message, type RawAttribute } from "./message.ts";
import { byType, encodePath, ipText, RTA, verbatim, word } from "./path.ts";
import { dump, type Writer } from "./request.ts";
import type { Socket } from "./socket.ts";

/** Attributes of a next hop object. */
const NHA = { id: 1, group: 2, blackhole: 4, oif: 5, gateway: 6, encapType: 7, encap: 8 } as const;
/** `struct nhmsg` in words. */
const BODY_WORDS = 2;
/** `struct nexthop_grp`: number (4 bytes), weight - 1, its high byte, 2 reserved. */
const MEMBER_BYTES = 8;

interface NexthopObject {
  /** A group's. */
  readonly members?: readonly { readonly id: number; readonly weight: number }[];
  readonly nexthop?: Nexthop;
}

/** What stands in a route's message in place of its object's number: attributes, and the header's flags. */
export interface Expansion {
  readonly words: Uint32Array;
  readonly flags: number;
}

/** The objects, as far as routes ask for them. */
export class NexthopObjects {
  readonly #objects = new Map<number, NexthopObject>();
  readonly #expansions = new Map<string, Expansion>();
  #isUsed = false;
  #isLacking = false;

  /** Whether routes were met that do not tell what their objects lead to. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** Whether that was asked of an object that is not known. */
  get isLacking(): boolean {
    return this.#isLacking;
  }

  /** What a route leads to by that object; undefined where that is not known. */
  expansion(id: number, family: Family): Expansion | undefined {
    this.#isUsed = true;
    const name = `${family} ${id}`;
    let known = this.#expansions.get(name);
    if (!known) {
      const nexthops = this.#nexthops(id);
      if (!nexthops) {
        this.#isLacking = true;
        return undefined;
      }
      const { bytes, flags } = encodePath({ ...NOTHING, family, nexthops });
      this.#expansions.set(name, known = { words: new Uint32Array(bytes.slice().buffer), flags });
    }
    return known;
  }

  #nexthops(id: number): Nexthop[] | undefined {
    const object = this.#objects.get(id);
    if (!object?.members) return object && (object.nexthop ? [object.nexthop] : []);
    const found = object.members.flatMap(({ id, weight }) => {
      const nexthop = this.#objects.get(id)?.nexthop;
      return nexthop ? [{ ...nexthop, weight }] : [];
    });
    return found.length === object.members.length ? found : undefined;
  }

  /** Takes up a notification; whether routes may lead elsewhere by that. */
  hear(message: Message): boolean {
    if (!this.#isUsed) return false;
    const { id, object } = decode(message);
    const before = this.#objects.get(id);
    if (message.type === MESSAGE.delNexthop) this.#objects.delete(id);
    else this.#objects.set(id, object);
    if (before === undefined || JSON.stringify(before) === JSON.stringify(object)) return false;
    this.#expansions.clear();
    return true;
  }

  /** Reads all of them. */
  read(socket: Socket, writer: Writer): void {
    writer.begin(MESSAGE.getNexthop, { flags: FLAG.dump, sequence: socket.nextSequence() });
    for (let i = 0; i < BODY_WORDS; i++) writer.word(0);
    writer.end();
    const found = new Map<number, NexthopObject>();
    for (const message of dump(socket, writer, "read the next hop objects")) {
      if (message.type !== MESSAGE.newNexthop) continue;
      const { id, object } = decode(message);
      found.set(id, object);
    }
    this.#objects.clear();
    this.#expansions.clear();
    for (const [id, object] of found) this.#objects.set(id, object);
    this.#isLacking = false;
  }
}

/** A path that says nothing but its next hops. */
const NOTHING: Omit<Path, "family" | "nexthops"> = {
  type: 0,
  protocol: 0,
  scope: 0,
  metrics: [],
  attributes: [],
};

function decode({ datagram: { bytes, words }, at, length }: Message): { id: number; object: NexthopObject } {
  const header = at + HEADER_BYTES / 4;
  const found = new Map<number, RawAttribute>();
  for (const one of attributes(bytes, 4 * (header + BODY_WORDS), 4 * at + length)) found.set(one.type, one);
  const number = (type: number) => found.has(type) ? word(found.get(type)!.payload) : 0;
  const id = number(NHA.id);
  const group = found.get(NHA.group)?.payload;
  if (group) return { id, object: { members: members(group) } };
  const ifindex = number(NHA.oif);
  if (found.has(NHA.blackhole) || ifindex === 0) return { id, object: {} };
  const gateway = found.get(NHA.gateway)?.payload;
  const encap = [[NHA.encapType, RTA.encapType], [NHA.encap, RTA.encap]].flatMap(
    ([from, type]): Attribute[] => {
      const one = found.get(from);
      return one ? [{ ...verbatim(one), type }] : [];
    },
  );
  const nexthop: Nexthop = {
    ifindex,
    gateway: gateway && ipText(gateway),
    weight: 1,
    flags: words[header + 1] & ONLINK,
    attributes: byType(encap),
  };
  return { id, object: { nexthop } };
}

/** A route has room for weights up to 256 alone. */
function members(group: Uint8Array) {
  return Array.from({ length: group.length / MEMBER_BYTES | 0 }, (_, i) => {
    const at = i * MEMBER_BYTES;
    const weight = 1 + group[at + 4] + 256 * group[at + 5];
    return { id: word(group.subarray(at)), weight: Math.min(weight, 256) };
  });
}
