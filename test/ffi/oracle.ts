// What libnl-route reads in a message, and the message that it writes: each as the record of a sample.

import { AF_INET, AF_INET6 } from "../../ffi/message.ts";
import { type Family, formatIp } from "../../src/model/address.ts";
import type { Metric, Nexthop } from "../../src/model/records.ts";
import { given, nl, taken } from "./libnl_oracle.ts";
import { FLOW, hexWord, type Sample } from "./sample.ts";

/** RTNH_F_DEAD, PERVASIVE, OFFLOAD, LINKDOWN, UNRESOLVED: what the kernel says of a next hop, and no user. */
const SAID_BY_KERNEL = 0x01 | 0x02 | 0x08 | 0x10 | 0x20;
const LAST_METRIC = 17;
const NLM_F_CREATE = 0x400;

/** The route in one message, as libnl parses it. */
export function parsed(message: Uint8Array<ArrayBuffer>): Sample {
  const route = taken((out) => nl().rtnl_route_parse(message, out));
  try {
    return sampleOf(route);
  } finally {
    nl().rtnl_route_put(route);
  }
}

function sampleOf(route: Deno.PointerObject): Sample {
  const family: Family = nl().rtnl_route_get_family(route) === AF_INET ? 4 : 6;
  const destination = given(nl().rtnl_route_get_dst(route));
  const length = nl().nl_addr_get_prefixlen(destination);
  const nexthops = Array.from({ length: nl().rtnl_route_get_nnexthops(route) }, (_, n) => {
    return nexthopOf(given(nl().rtnl_route_nexthop_n(route, n)), family);
  });
  return {
    family,
    words: length === 0 ? Array(family === 4 ? 1 : 4).fill(0) : wordsOf(destination, family),
    length,
    tos: nl().rtnl_route_get_tos(route),
    source: textOf(nl().rtnl_route_get_src(route)) ?? "",
    table: nl().rtnl_route_get_table(route),
    metric: nl().rtnl_route_get_priority(route),
    path: {
      family,
      type: nl().rtnl_route_get_type(route),
      protocol: nl().rtnl_route_get_protocol(route),
      scope: nl().rtnl_route_get_scope(route),
      nexthops,
      prefsrc: textOf(nl().rtnl_route_get_pref_src(route)),
      metrics: metricsOf(route),
      attributes: [],
    },
  };
}

function metricsOf(route: Deno.PointerObject): Metric[] {
  const value = new Uint32Array(1);
  const metrics: Metric[] = [];
  for (let id = 1; id <= LAST_METRIC; id++) {
    if (nl().rtnl_route_get_metric(route, id, value) >= 0) metrics.push([id, value[0]]);
  }
  return metrics;
}

function nexthopOf(nexthop: Deno.PointerObject, family: Family): Nexthop {
  const gateway = textOf(nl().rtnl_route_nh_get_gateway(nexthop));
  const via = textOf(nl().rtnl_route_nh_get_via(nexthop));
  if (gateway && gateway.includes(":") !== (family === 6)) throw new Error(`${gateway} ought to be RTA_VIA`);
  if (via && via.includes(":") === (family === 6)) throw new Error(`${via} ought to be RTA_GATEWAY`);
  const realms = nl().rtnl_route_nh_get_realms(nexthop);
  return {
    ifindex: nl().rtnl_route_nh_get_ifindex(nexthop),
    gateway: gateway ?? via,
    weight: nl().rtnl_route_nh_get_weight(nexthop) + 1,
    flags: nl().rtnl_route_nh_get_flags(nexthop),
    attributes: realms ? [{ type: FLOW, hex: hexWord(realms) }] : [],
  };
}

/** libnl's text of an address or prefix. */
function textOf(address: Deno.PointerValue): string | undefined {
  if (!address) return undefined;
  const room = new Uint8Array(64);
  nl().nl_addr2str(address, room, BigInt(room.length));
  return new TextDecoder().decode(room.subarray(0, room.indexOf(0)));
}

function wordsOf(address: Deno.PointerObject, family: Family): number[] {
  return wordsOfText(textOf(address)!.split("/")[0], family);
}

/** The words behind an address's text, by the platform's own URL parser instead of the one under test. */
function wordsOfText(ip: string, family: Family): number[] {
  if (family === 4) return [ip.split(".").reduce((word, byte) => (word * 256 + Number(byte)) >>> 0, 0)];
  const [head, tail = ""] = new URL(`http://[${ip}]`).hostname.slice(1, -1).split("::");
  const [left, right] = [head, tail].map((half) => half === "" ? [] : half.split(":"));
  const groups = [...left, ...Array(8 - left.length - right.length).fill("0"), ...right];
  return [0, 2, 4, 6].map((i) => parseInt(groups[i] + groups[i + 1].padStart(4, "0"), 16));
}

/** The request to add a route, as libnl builds it. */
export function built(sample: Sample): Uint8Array<ArrayBuffer> {
  const route = given(nl().rtnl_route_alloc());
  try {
    fill(route, sample);
    const message = taken((out) => nl().rtnl_route_build_add_request(route, NLM_F_CREATE, out));
    const view = new Deno.UnsafePointerView(given(nl().nlmsg_hdr(message)));
    const bytes = new Uint8Array(view.getUint32(0));
    view.copyInto(bytes);
    nl().nlmsg_free(message);
    return bytes;
  } finally {
    nl().rtnl_route_put(route);
  }
}

function fill(route: Deno.PointerObject, { path, ...sample }: Sample): void {
  nl().rtnl_route_set_family(route, path.family === 4 ? AF_INET : AF_INET6);
  nl().rtnl_route_set_table(route, sample.table);
  nl().rtnl_route_set_tos(route, sample.tos);
  nl().rtnl_route_set_priority(route, sample.metric);
  nl().rtnl_route_set_type(route, path.type);
  nl().rtnl_route_set_scope(route, path.scope);
  nl().rtnl_route_set_protocol(route, path.protocol);
  const destination = `${formatIp(sample.family, sample.words)}/${sample.length}`;
  withAddress(destination, (address) => nl().rtnl_route_set_dst(route, address));
  if (sample.source) withAddress(sample.source, (address) => nl().rtnl_route_set_src(route, address));
  if (path.prefsrc) withAddress(path.prefsrc, (address) => nl().rtnl_route_set_pref_src(route, address));
  for (const [id, value] of path.metrics) nl().rtnl_route_set_metric(route, id, Number(value));
  for (const nexthop of path.nexthops) {
    nl().rtnl_route_add_nexthop(route, filledNexthop(nexthop, path.family));
  }
}

function filledNexthop({ ifindex, gateway, weight, flags, attributes }: Nexthop, family: Family) {
  const nexthop = given(nl().rtnl_route_nh_alloc());
  nl().rtnl_route_nh_set_ifindex(nexthop, ifindex);
  nl().rtnl_route_nh_set_weight(nexthop, weight - 1);
  nl().rtnl_route_nh_set_flags(nexthop, flags | SAID_BY_KERNEL);
  const other = gateway !== undefined && gateway.includes(":") !== (family === 6);
  if (other) withAddress(gateway, (address) => nl().rtnl_route_nh_set_via(nexthop, address));
  else if (gateway) withAddress(gateway, (address) => nl().rtnl_route_nh_set_gateway(nexthop, address));
  for (const { hex } of attributes) nl().rtnl_route_nh_set_realms(nexthop, wordOf(hex));
  return nexthop;
}

function wordOf(hex: string): number {
  return hex.match(/../g)!.reduceRight((word, byte) => (word * 256 + parseInt(byte, 16)) >>> 0, 0);
}

/** Gives `body` a `struct nl_addr` for as long as it runs. */
function withAddress(text: string, body: (address: Deno.PointerObject) => number | void): void {
  const [ip, length] = text.split("/");
  const family: Family = ip.includes(":") ? 6 : 4;
  const words = wordsOfText(ip, family);
  const bytes = Uint8Array.from(
    words.flatMap((word) => [24, 16, 8, 0].map((shift) => (word >>> shift) & 255)),
  );
  const address = given(nl().nl_addr_build(family === 4 ? AF_INET : AF_INET6, bytes, BigInt(bytes.length)));
  if (length !== undefined) nl().nl_addr_set_prefixlen(address, Number(length));
  body(address);
  nl().nl_addr_put(address);
}
