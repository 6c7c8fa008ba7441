/** libnl-route-3: links, addresses and rules. Prototypes: netlink/route/{link,addr,rule}.h, netlink/route/link/vrf.h. */

import type { LibraryTable } from "./library.ts";

export const LIBNL_ROUTE = {
  soname: "libnl-route-3.so.200",
  symbols: {
    // int rtnl_link_get_ifindex(struct rtnl_link *)
    rtnl_link_get_ifindex: { parameters: ["pointer"], result: "i32" },
    // char *rtnl_link_get_name(struct rtnl_link *): borrowed
    rtnl_link_get_name: { parameters: ["pointer"], result: "pointer" },
    // unsigned int rtnl_link_get_flags(struct rtnl_link *): IFF_*
    rtnl_link_get_flags: { parameters: ["pointer"], result: "u32" },
    // unsigned int rtnl_link_get_arptype(struct rtnl_link *): ARPHRD_*
    rtnl_link_get_arptype: { parameters: ["pointer"], result: "u32" },
    // int rtnl_link_get_master(struct rtnl_link *): 0 for none
    rtnl_link_get_master: { parameters: ["pointer"], result: "i32" },
    // char *rtnl_link_get_type(struct rtnl_link *): borrowed; the kind, or NULL
    rtnl_link_get_type: { parameters: ["pointer"], result: "pointer" },
    // int rtnl_link_is_vrf(struct rtnl_link *)
    rtnl_link_is_vrf: { parameters: ["pointer"], result: "i32" },
    // int rtnl_link_vrf_get_tableid(struct rtnl_link *, uint32_t *id)
    rtnl_link_vrf_get_tableid: { parameters: ["pointer", "buffer"], result: "i32" },

    // int rtnl_addr_get_ifindex(struct rtnl_addr *)
    rtnl_addr_get_ifindex: { parameters: ["pointer"], result: "i32" },
    // int rtnl_addr_get_family(struct rtnl_addr *)
    rtnl_addr_get_family: { parameters: ["pointer"], result: "i32" },
    // int rtnl_addr_get_prefixlen(struct rtnl_addr *)
    rtnl_addr_get_prefixlen: { parameters: ["pointer"], result: "i32" },
    // int rtnl_addr_get_scope(struct rtnl_addr *)
    rtnl_addr_get_scope: { parameters: ["pointer"], result: "i32" },
    // unsigned int rtnl_addr_get_flags(struct rtnl_addr *): IFA_F_*
    rtnl_addr_get_flags: { parameters: ["pointer"], result: "u32" },
    // struct nl_addr *rtnl_addr_get_local(struct rtnl_addr *): borrowed, NULL where there is none
    rtnl_addr_get_local: { parameters: ["pointer"], result: "pointer" },
    // struct nl_addr *rtnl_addr_get_peer(struct rtnl_addr *): borrowed, NULL where there is none
    rtnl_addr_get_peer: { parameters: ["pointer"], result: "pointer" },

    // struct rtnl_rule *rtnl_rule_alloc(void): owned, rtnl_rule_put
    rtnl_rule_alloc: { parameters: [], result: "pointer" },
    // void rtnl_rule_put(struct rtnl_rule *): takes
    rtnl_rule_put: { parameters: ["pointer"], result: "void" },
    // int rtnl_rule_build_add_request(struct rtnl_rule *, int flags, struct nl_msg **): *result owned, nlmsg_free
    rtnl_rule_build_add_request: { parameters: ["pointer", "i32", "buffer"], result: "i32" },
    // int rtnl_rule_build_delete_request(struct rtnl_rule *, int flags, struct nl_msg **): *result owned, nlmsg_free
    rtnl_rule_build_delete_request: { parameters: ["pointer", "i32", "buffer"], result: "i32" },
    // void rtnl_rule_set_family(struct rtnl_rule *, int)
    rtnl_rule_set_family: { parameters: ["pointer", "i32"], result: "void" },
    // void rtnl_rule_set_prio(struct rtnl_rule *, uint32_t)
    rtnl_rule_set_prio: { parameters: ["pointer", "u32"], result: "void" },
    // void rtnl_rule_set_table(struct rtnl_rule *, uint32_t)
    rtnl_rule_set_table: { parameters: ["pointer", "u32"], result: "void" },
    // void rtnl_rule_set_action(struct rtnl_rule *, uint8_t)
    rtnl_rule_set_action: { parameters: ["pointer", "u8"], result: "void" },
    // int rtnl_rule_set_protocol(struct rtnl_rule *, uint8_t): libnl 3.5
    rtnl_rule_set_protocol: { parameters: ["pointer", "u8"], result: "i32" },
    // int rtnl_rule_set_src(struct rtnl_rule *, struct nl_addr *): takes a reference of its own
    rtnl_rule_set_src: { parameters: ["pointer", "pointer"], result: "i32" },
    // void rtnl_rule_set_mark(struct rtnl_rule *, uint32_t)
    rtnl_rule_set_mark: { parameters: ["pointer", "u32"], result: "void" },
    // void rtnl_rule_set_mask(struct rtnl_rule *, uint32_t)
    rtnl_rule_set_mask: { parameters: ["pointer", "u32"], result: "void" },
    // void rtnl_rule_set_goto(struct rtnl_rule *, uint32_t)
    rtnl_rule_set_goto: { parameters: ["pointer", "u32"], result: "void" },
    // int rtnl_rule_set_iif(struct rtnl_rule *, const char *): copies
    rtnl_rule_set_iif: { parameters: ["pointer", "buffer"], result: "i32" },
  },
} as const satisfies LibraryTable;
