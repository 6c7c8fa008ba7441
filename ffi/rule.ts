/** Policy routing rules: read from a dump of ours, written as libnl's rule objects. */

import { ACTION_GOTO, ACTION_LOOKUP, ACTION_NOP, type Rule } from "../src/model/records.ts";
import { formatPrefix, parsePrefix } from "../src/model/address.ts";
import { AbstractAddress, familyOf } from "./address.ts";
import { check } from "./error.ts";
import { libnl, libnlRoute } from "./libnl_pair.ts";
import { copyFrom } from "./memory.ts";
import { attributes, FLAG, HEADER_BYTES, MESSAGE, type Message } from "./message.ts";
import { cString, OutPointer, Owned } from "./owned.ts";
import { familyNumber, ipText } from "./path.ts";
import { dump, Writer } from "./request.ts";
import type { Socket } from "./socket.ts";

/** What selects the packets of a rule, and what is done with them (linux/fib_rules.h). */
const FRA = {
  dst: 1,
  src: 2,
  iif: 3,
  goto: 4,
  priority: 6,
  fwmark: 10,
  suppressGroup: 13,
  suppressLength: 14,
  table: 15,
  fwmask: 16,
  oif: 17,
  pad: 18,
  l3mdev: 19,
  protocol: 21,
} as const;

/** Those of `struct fib_rule_hdr`'s flags that are selectors: FIB_RULE_INVERT. */
const INVERT = 2;

/**
 * Every rule of IPv4 and of IPv6, each in the order in which the kernel tries them. Not by libnl's cache, which knows
 * neither `not` nor user ids, tunnel ids and suppressed prefix lengths: a rule with them would look like one without.
 */
export function readRules(socket: Socket): Rule[] {
  const writer = new Writer();
  writer.begin(MESSAGE.getRule, { flags: FLAG.dump, sequence: socket.nextSequence() });
  for (let i = 0; i < 3; i++) writer.word(0);
  writer.end();
  const rules: Rule[] = [];
  for (const message of dump(socket, writer, "read the rules")) {
    const rule = message.type === MESSAGE.newRule ? ruleOf(message) : undefined;
    if (rule) rules.push(rule);
  }
  return rules;
}

/** Undefined for a rule of multicast routing, which the kernel tells of along with the others. */
function ruleOf({ datagram: { bytes, words }, at, length }: Message): Rule | undefined {
  const header = words[at + 4], kind = words[at + 5], flags = words[at + 6];
  const family = familyOf(header & 0xff);
  if (!family) return undefined;
  const found = new Map<number, Uint8Array>();
  const start = at * 4 + HEADER_BYTES + 12;
  for (const { type, payload } of attributes(bytes, start, at * 4 + length)) found.set(type, payload);
  const number = (type: number) => numberOf(found.get(type));
  const text = (type: number) => textOf(found.get(type));
  return {
    family,
    priority: number(FRA.priority),
    action: kind >>> 24,
    table: found.has(FRA.table) ? number(FRA.table) : kind & 0xff,
    protocol: number(FRA.protocol),
    from: prefixOf(found.get(FRA.src), (header >>> 16) & 0xff),
    to: prefixOf(found.get(FRA.dst), (header >>> 8) & 0xff),
    iif: text(FRA.iif),
    oif: text(FRA.oif),
    fwmark: number(FRA.fwmark) || undefined,
    fwmask: number(FRA.fwmask) || undefined,
    tos: header >>> 24 || undefined,
    goto: number(FRA.goto) || undefined,
    l3mdev: number(FRA.l3mdev) > 0 || undefined,
    more: (flags & INVERT) !== 0 || [...found].some(isMore) || undefined,
  };
}

const KNOWN: readonly number[] = Object.values(FRA);

/** Whether the attribute says what no other field of a record does. */
function isMore([type, payload]: [number, Uint8Array]): boolean {
  // The kernel always tells of these two: all ones for none.
  if (type === FRA.suppressGroup || type === FRA.suppressLength) return numberOf(payload) !== 0xffffffff;
  return !KNOWN.includes(type);
}

/** A number of one or four bytes; 0 where there is none. */
function numberOf(payload: Uint8Array = new Uint8Array()): number {
  return payload.reduceRight((sum, byte) => (sum * 256 + byte) >>> 0, 0);
}

function textOf(payload?: Uint8Array): string | undefined {
  return payload && new TextDecoder().decode(payload).replace(/\0.*$/s, "");
}

function prefixOf(payload: Uint8Array | undefined, length: number): string | undefined {
  const prefix = payload && parsePrefix(`${ipText(payload)}/${length}`);
  return prefix && length > 0 ? formatPrefix(prefix) : undefined;
}

/** What a rule of ours may do. */
const WRITTEN: readonly number[] = [ACTION_LOOKUP, ACTION_GOTO, ACTION_NOP];

/** Appends the request that adds or deletes a rule of ours: by source, interface or mark, to a table, a rule or nothing. */
export function writeRule(writer: Writer, rule: Rule, request: { add: boolean; sequence: number }): void {
  using object = RuleObject.of(rule);
  using message = object.request(request.add);
  writer.begin(message.type, { flags: message.flags, sequence: request.sequence });
  writer.raw(message.payload);
  writer.end();
}

/** A `struct rtnl_rule` of ours. */
class RuleObject extends Owned {
  static of(rule: Rule): RuleObject {
    if (!WRITTEN.includes(rule.action)) throw new TypeError(`rules of action ${rule.action} are not written`);
    const pointer = libnlRoute().rtnl_rule_alloc();
    if (!pointer) throw new TypeError("libnl is out of memory");
    const object = new RuleObject("rtnl_rule", pointer);
    try {
      object.#fill(rule);
    } catch (error) {
      object[Symbol.dispose]();
      throw error;
    }
    return object;
  }

  #fill(rule: Rule): void {
    const nl = libnlRoute();
    nl.rtnl_rule_set_family(this.pointer, familyNumber(rule.family));
    nl.rtnl_rule_set_prio(this.pointer, rule.priority);
    nl.rtnl_rule_set_action(this.pointer, rule.action);
    if (rule.table) nl.rtnl_rule_set_table(this.pointer, rule.table);
    if (rule.goto) nl.rtnl_rule_set_goto(this.pointer, rule.goto);
    if (rule.fwmark) nl.rtnl_rule_set_mark(this.pointer, rule.fwmark);
    if (rule.fwmask) nl.rtnl_rule_set_mask(this.pointer, rule.fwmask);
    check(nl.rtnl_rule_set_protocol(this.pointer, rule.protocol), "set a rule's protocol");
    if (rule.from) {
      using from = AbstractAddress.of(rule.from);
      check(nl.rtnl_rule_set_src(this.pointer, from.pointer), "set a rule's source");
    }
    if (rule.iif) check(nl.rtnl_rule_set_iif(this.pointer, cString(rule.iif)), "set a rule's interface");
  }

  /** libnl's own message for this rule, without a sequence number. */
  request(add: boolean): RuleMessage {
    const out = new OutPointer();
    const nl = libnlRoute();
    const code = add
      ? nl.rtnl_rule_build_add_request(this.pointer, FLAG.create | FLAG.exclusive, out.buffer)
      : nl.rtnl_rule_build_delete_request(this.pointer, 0, out.buffer);
    check(code, "build a rule request");
    return RuleMessage.from(out.take());
  }

  protected override free(pointer: Deno.PointerObject): void {
    libnlRoute().rtnl_rule_put(pointer);
  }
}

/** A `struct nl_msg` of ours. */
class RuleMessage extends Owned {
  readonly type: number;
  readonly flags: number;
  readonly payload: Uint8Array<ArrayBuffer>;

  private constructor(pointer: Deno.PointerObject, header: Deno.PointerObject) {
    super("nl_msg", pointer);
    const start = new Uint8Array(HEADER_BYTES);
    copyFrom(header, start);
    [this.type, this.flags] = new Uint16Array(start.buffer, 4, 2);
    const message = new Uint8Array(new Uint32Array(start.buffer, 0, 1)[0]);
    copyFrom(header, message);
    this.payload = message.subarray(HEADER_BYTES);
  }

  static from(pointer: Deno.PointerObject | null): RuleMessage {
    const header = pointer && libnl().nlmsg_hdr(pointer);
    if (!header) throw new TypeError("libnl gave no message");
    return new RuleMessage(pointer, header);
  }

  protected override free(pointer: Deno.PointerObject): void {
    libnl().nlmsg_free(pointer);
  }
}
