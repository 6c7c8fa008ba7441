/** Policy routing rules: libnl's cache of them, and libnl's rule objects as requests. */

import { ACTION_LOOKUP, type Rule } from "../src/model/records.ts";
import { AbstractAddress, familyOf, prefixText } from "./address.ts";
import { Cache } from "./cache.ts";
import { check } from "./error.ts";
import { libnl } from "./libnl.ts";
import { libnlRoute } from "./libnl_route.ts";
import { FLAG } from "./message.ts";
import { cString, OutPointer, Owned, readCString } from "./owned.ts";
import { familyNumber } from "./path.ts";
import type { Writer } from "./request.ts";
import type { Socket } from "./socket.ts";

export class RuleCache implements Disposable {
  readonly #cache = Cache.open("route/rule");

  /** Those of IPv4 and of IPv6, each in the order in which the kernel tries them. */
  read(socket: Socket): Rule[] {
    this.#cache.refill(socket);
    return Array.from(this.#cache.objects(), ruleOf).filter((rule) => rule !== undefined);
  }

  [Symbol.dispose](): void {
    this.#cache[Symbol.dispose]();
  }
}

/** Undefined for a rule of multicast routing, which the kernel tells of along with the others. */
function ruleOf(rule: Deno.PointerObject): Rule | undefined {
  const nl = libnlRoute();
  const family = familyOf(nl.rtnl_rule_get_family(rule));
  if (!family) return undefined;
  const protocol = new Uint8Array(1);
  nl.rtnl_rule_get_protocol(rule, protocol);
  return {
    family,
    priority: nl.rtnl_rule_get_prio(rule),
    action: nl.rtnl_rule_get_action(rule),
    table: nl.rtnl_rule_get_table(rule),
    protocol: protocol[0],
    from: prefixText(nl.rtnl_rule_get_src(rule), family),
    to: prefixText(nl.rtnl_rule_get_dst(rule), family),
    iif: readCString(nl.rtnl_rule_get_iif(rule)),
    oif: readCString(nl.rtnl_rule_get_oif(rule)),
    fwmark: nl.rtnl_rule_get_mark(rule) || undefined,
    fwmask: nl.rtnl_rule_get_mask(rule) || undefined,
    tos: nl.rtnl_rule_get_dsfield(rule) || undefined,
    goto: nl.rtnl_rule_get_goto(rule) || undefined,
    l3mdev: nl.rtnl_rule_get_l3mdev(rule) > 0 || undefined,
    more: hasMore(rule) || undefined,
  };
}

function hasMore(rule: Deno.PointerObject): boolean {
  const nl = libnlRoute();
  const [start, end] = [new Uint16Array(1), new Uint16Array(1)];
  return nl.rtnl_rule_get_ipproto(rule, new Uint8Array(1)) >= 0 ||
    nl.rtnl_rule_get_sport(rule, start, end) >= 0 || nl.rtnl_rule_get_dport(rule, start, end) >= 0;
}

/** Appends the request that adds or deletes a rule of ours: from a source, by a lookup. */
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
    if (rule.action !== ACTION_LOOKUP) throw new TypeError("only rules that look a table up are written");
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
    nl.rtnl_rule_set_table(this.pointer, rule.table);
    nl.rtnl_rule_set_action(this.pointer, rule.action);
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
  readonly payload: Uint8Array;

  private constructor(pointer: Deno.PointerObject, header: Deno.UnsafePointerView) {
    super("nl_msg", pointer);
    this.type = header.getUint16(4);
    this.flags = header.getUint16(6);
    this.payload = new Uint8Array(header.getUint32(0) - 16);
    header.copyInto(this.payload, 16);
  }

  static from(pointer: Deno.PointerObject | null): RuleMessage {
    const header = pointer && libnl().nlmsg_hdr(pointer);
    if (!header) throw new TypeError("libnl gave no message");
    return new RuleMessage(pointer, new Deno.UnsafePointerView(header));
  }

  protected override free(pointer: Deno.PointerObject): void {
    libnl().nlmsg_free(pointer);
  }
}
