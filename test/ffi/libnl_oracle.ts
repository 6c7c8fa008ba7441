// libnl-route's own route objects, which judge our codec. Prototypes: netlink/route/{route,nexthop}.h, netlink/addr.h.

import { OutPointer } from "../../ffi/owned.ts";

const libnl = {
  // struct nl_addr *nl_addr_build(int family, const void *buf, size_t size): owned, nl_addr_put; copies buf
  nl_addr_build: { parameters: ["i32", "buffer", "usize"], result: "pointer" },
  // void nl_addr_set_prefixlen(struct nl_addr *, int)
  nl_addr_set_prefixlen: { parameters: ["pointer", "i32"], result: "void" },
  // unsigned int nl_addr_get_prefixlen(const struct nl_addr *)
  nl_addr_get_prefixlen: { parameters: ["pointer"], result: "u32" },
  // char *nl_addr2str(const struct nl_addr *, char *buf, size_t size): gives buf
  nl_addr2str: { parameters: ["pointer", "buffer", "usize"], result: "pointer" },
  // void nl_addr_put(struct nl_addr *): takes
  nl_addr_put: { parameters: ["pointer"], result: "void" },
  // void nlmsg_set_default_size(size_t): of all messages that are made from now on
  nlmsg_set_default_size: { parameters: ["usize"], result: "void" },
  // struct nlmsghdr *nlmsg_hdr(struct nl_msg *): borrowed from the message
  nlmsg_hdr: { parameters: ["pointer"], result: "pointer" },
  // void nlmsg_free(struct nl_msg *): takes
  nlmsg_free: { parameters: ["pointer"], result: "void" },
} as const;

const libnlRoute = {
  // struct rtnl_route *rtnl_route_alloc(void): owned, rtnl_route_put
  rtnl_route_alloc: { parameters: [], result: "pointer" },
  // void rtnl_route_put(struct rtnl_route *): takes
  rtnl_route_put: { parameters: ["pointer"], result: "void" },
  // int rtnl_route_parse(struct nlmsghdr *, struct rtnl_route **result): *result owned
  rtnl_route_parse: { parameters: ["buffer", "buffer"], result: "i32" },
  // int rtnl_route_build_add_request(struct rtnl_route *, int flags, struct nl_msg **result): *result owned
  rtnl_route_build_add_request: { parameters: ["pointer", "i32", "buffer"], result: "i32" },
  // int rtnl_route_set_family(struct rtnl_route *, uint8_t)
  rtnl_route_set_family: { parameters: ["pointer", "u8"], result: "i32" },
  // uint8_t rtnl_route_get_family(struct rtnl_route *)
  rtnl_route_get_family: { parameters: ["pointer"], result: "u8" },
  // void rtnl_route_set_table(struct rtnl_route *, uint32_t)
  rtnl_route_set_table: { parameters: ["pointer", "u32"], result: "void" },
  // uint32_t rtnl_route_get_table(struct rtnl_route *)
  rtnl_route_get_table: { parameters: ["pointer"], result: "u32" },
  // void rtnl_route_set_scope(struct rtnl_route *, uint8_t)
  rtnl_route_set_scope: { parameters: ["pointer", "u8"], result: "void" },
  // uint8_t rtnl_route_get_scope(struct rtnl_route *)
  rtnl_route_get_scope: { parameters: ["pointer"], result: "u8" },
  // void rtnl_route_set_tos(struct rtnl_route *, uint8_t)
  rtnl_route_set_tos: { parameters: ["pointer", "u8"], result: "void" },
  // uint8_t rtnl_route_get_tos(struct rtnl_route *)
  rtnl_route_get_tos: { parameters: ["pointer"], result: "u8" },
  // void rtnl_route_set_protocol(struct rtnl_route *, uint8_t)
  rtnl_route_set_protocol: { parameters: ["pointer", "u8"], result: "void" },
  // uint8_t rtnl_route_get_protocol(struct rtnl_route *)
  rtnl_route_get_protocol: { parameters: ["pointer"], result: "u8" },
  // void rtnl_route_set_priority(struct rtnl_route *, uint32_t)
  rtnl_route_set_priority: { parameters: ["pointer", "u32"], result: "void" },
  // uint32_t rtnl_route_get_priority(struct rtnl_route *)
  rtnl_route_get_priority: { parameters: ["pointer"], result: "u32" },
  // int rtnl_route_set_type(struct rtnl_route *, uint8_t)
  rtnl_route_set_type: { parameters: ["pointer", "u8"], result: "i32" },
  // uint8_t rtnl_route_get_type(struct rtnl_route *)
  rtnl_route_get_type: { parameters: ["pointer"], result: "u8" },
  // int rtnl_route_set_metric(struct rtnl_route *, int metric, unsigned int value)
  rtnl_route_set_metric: { parameters: ["pointer", "i32", "u32"], result: "i32" },
  // int rtnl_route_get_metric(struct rtnl_route *, int metric, uint32_t *value)
  rtnl_route_get_metric: { parameters: ["pointer", "i32", "buffer"], result: "i32" },
  // int rtnl_route_set_dst(struct rtnl_route *, struct nl_addr *): takes a reference of its own
  rtnl_route_set_dst: { parameters: ["pointer", "pointer"], result: "i32" },
  // struct nl_addr *rtnl_route_get_dst(struct rtnl_route *): borrowed
  rtnl_route_get_dst: { parameters: ["pointer"], result: "pointer" },
  // int rtnl_route_set_src(struct rtnl_route *, struct nl_addr *): takes a reference of its own
  rtnl_route_set_src: { parameters: ["pointer", "pointer"], result: "i32" },
  // struct nl_addr *rtnl_route_get_src(struct rtnl_route *): borrowed
  rtnl_route_get_src: { parameters: ["pointer"], result: "pointer" },
  // int rtnl_route_set_pref_src(struct rtnl_route *, struct nl_addr *): takes a reference of its own
  rtnl_route_set_pref_src: { parameters: ["pointer", "pointer"], result: "i32" },
  // struct nl_addr *rtnl_route_get_pref_src(struct rtnl_route *): borrowed
  rtnl_route_get_pref_src: { parameters: ["pointer"], result: "pointer" },
  // void rtnl_route_add_nexthop(struct rtnl_route *, struct rtnl_nexthop *): takes the next hop
  rtnl_route_add_nexthop: { parameters: ["pointer", "pointer"], result: "void" },
  // int rtnl_route_get_nnexthops(struct rtnl_route *)
  rtnl_route_get_nnexthops: { parameters: ["pointer"], result: "i32" },
  // struct rtnl_nexthop *rtnl_route_nexthop_n(struct rtnl_route *, int n): borrowed
  rtnl_route_nexthop_n: { parameters: ["pointer", "i32"], result: "pointer" },

  // struct rtnl_nexthop *rtnl_route_nh_alloc(void): owned, until a route takes it
  rtnl_route_nh_alloc: { parameters: [], result: "pointer" },
  // void rtnl_route_nh_set_weight(struct rtnl_nexthop *, uint8_t): rtnh_hops, the weight less one
  rtnl_route_nh_set_weight: { parameters: ["pointer", "u8"], result: "void" },
  // uint8_t rtnl_route_nh_get_weight(struct rtnl_nexthop *)
  rtnl_route_nh_get_weight: { parameters: ["pointer"], result: "u8" },
  // void rtnl_route_nh_set_ifindex(struct rtnl_nexthop *, int)
  rtnl_route_nh_set_ifindex: { parameters: ["pointer", "i32"], result: "void" },
  // int rtnl_route_nh_get_ifindex(struct rtnl_nexthop *)
  rtnl_route_nh_get_ifindex: { parameters: ["pointer"], result: "i32" },
  // void rtnl_route_nh_set_gateway(struct rtnl_nexthop *, struct nl_addr *): takes a reference of its own
  rtnl_route_nh_set_gateway: { parameters: ["pointer", "pointer"], result: "void" },
  // struct nl_addr *rtnl_route_nh_get_gateway(struct rtnl_nexthop *): borrowed
  rtnl_route_nh_get_gateway: { parameters: ["pointer"], result: "pointer" },
  // int rtnl_route_nh_set_via(struct rtnl_nexthop *, struct nl_addr *): takes a reference of its own
  rtnl_route_nh_set_via: { parameters: ["pointer", "pointer"], result: "i32" },
  // struct nl_addr *rtnl_route_nh_get_via(struct rtnl_nexthop *): borrowed
  rtnl_route_nh_get_via: { parameters: ["pointer"], result: "pointer" },
  // void rtnl_route_nh_set_flags(struct rtnl_nexthop *, unsigned int)
  rtnl_route_nh_set_flags: { parameters: ["pointer", "u32"], result: "void" },
  // unsigned int rtnl_route_nh_get_flags(struct rtnl_nexthop *)
  rtnl_route_nh_get_flags: { parameters: ["pointer"], result: "u32" },
  // void rtnl_route_nh_set_realms(struct rtnl_nexthop *, uint32_t)
  rtnl_route_nh_set_realms: { parameters: ["pointer", "u32"], result: "void" },
  // uint32_t rtnl_route_nh_get_realms(struct rtnl_nexthop *)
  rtnl_route_nh_get_realms: { parameters: ["pointer"], result: "u32" },
} as const;

type Library = Deno.StaticForeignLibraryInterface<typeof libnl & typeof libnlRoute>;

let opened: Library | undefined;

/** Both libraries' functions. */
export function nl(): Library {
  return opened ??= open();
}

function open(): Library {
  // libnl-route finds libnl-3 by its soname once that is loaded.
  const symbols = {
    ...Deno.dlopen("libnl-3.so.200", libnl).symbols,
    ...Deno.dlopen("libnl-route-3.so.200", libnlRoute).symbols,
  };
  // A page, which it is else, does not hold 300 next hops.
  symbols.nlmsg_set_default_size(65536n);
  return symbols;
}

/** A pointer that a C function gave, which is never NULL where all goes well. */
export function given(pointer: Deno.PointerValue): Deno.PointerObject {
  if (!pointer) throw new TypeError("libnl is out of memory");
  return pointer;
}

/** Calls `body` with room for a pointer, and gives what C put there. */
export function taken(body: (out: BigUint64Array<ArrayBuffer>) => number): Deno.PointerObject {
  const out = new OutPointer();
  const code = body(out.buffer);
  if (code < 0) throw new TypeError(`libnl: error ${code}`);
  return given(out.take());
}
