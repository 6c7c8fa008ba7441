/**
 * libnl-3: sockets, caches, abstract addresses. Prototypes: netlink/socket.h, netlink/cache.h, netlink/addr.h,
 * netlink/version.h.
 */

import type { LibraryTable } from "./library.ts";

export const LIBNL = {
  soname: "libnl-3.so.200",
  symbols: {
    // const int nl_ver_num: major << 8 | minor
    nl_ver_num: { type: "i32" },
    // const int nl_ver_mic
    nl_ver_mic: { type: "i32" },
    // struct nl_sock *nl_socket_alloc(void): owned, nl_socket_free
    nl_socket_alloc: { parameters: [], result: "pointer" },
    // void nl_socket_free(struct nl_sock *): takes; closes the descriptor
    nl_socket_free: { parameters: ["pointer"], result: "void" },
    // int nl_connect(struct nl_sock *, int protocol)
    nl_connect: { parameters: ["pointer", "i32"], result: "i32" },
    // int nl_socket_get_fd(const struct nl_sock *)
    nl_socket_get_fd: { parameters: ["pointer"], result: "i32" },
    // uint32_t nl_socket_get_local_port(const struct nl_sock *)
    nl_socket_get_local_port: { parameters: ["pointer"], result: "u32" },
    // int nl_socket_add_membership(struct nl_sock *, int group)
    nl_socket_add_membership: { parameters: ["pointer", "i32"], result: "i32" },
    // int nl_socket_set_nonblocking(const struct nl_sock *)
    nl_socket_set_nonblocking: { parameters: ["pointer"], result: "i32" },
    // int nl_socket_set_msg_buf_size(struct nl_sock *, size_t)
    nl_socket_set_msg_buf_size: { parameters: ["pointer", "u64"], result: "i32" },
    // void nl_socket_disable_msg_peek(struct nl_sock *)
    nl_socket_disable_msg_peek: { parameters: ["pointer"], result: "void" },
    // unsigned int nl_socket_use_seq(struct nl_sock *)
    nl_socket_use_seq: { parameters: ["pointer"], result: "u32" },
    // int nl_sendto(struct nl_sock *, void *buf, size_t size): borrows buf
    nl_sendto: { parameters: ["pointer", "buffer", "u64"], result: "i32" },
    // int nl_recv(struct nl_sock *, struct sockaddr_nl *, unsigned char **buf, struct ucred **): *buf owned, free
    nl_recv: { parameters: ["pointer", "buffer", "buffer", "pointer"], result: "i32" },
    // const char *nl_geterror(int): borrowed, static
    nl_geterror: { parameters: ["i32"], result: "pointer" },

    // int nl_cache_alloc_name(const char *kind, struct nl_cache **): owned, nl_cache_free
    nl_cache_alloc_name: { parameters: ["buffer", "buffer"], result: "i32" },
    // void nl_cache_clear(struct nl_cache *): frees the objects that were in it
    nl_cache_clear: { parameters: ["pointer"], result: "void" },
    // int nl_cache_parse_and_add(struct nl_cache *, struct nl_msg *): borrows the message
    nl_cache_parse_and_add: { parameters: ["pointer", "pointer"], result: "i32" },
    // struct nl_object *nl_cache_get_first(struct nl_cache *): borrowed, until the next nl_cache_clear
    nl_cache_get_first: { parameters: ["pointer"], result: "pointer" },
    // struct nl_object *nl_cache_get_next(struct nl_object *): borrowed, until the next nl_cache_clear
    nl_cache_get_next: { parameters: ["pointer"], result: "pointer" },
    // void nl_cache_free(struct nl_cache *): takes
    nl_cache_free: { parameters: ["pointer"], result: "void" },

    // struct nl_addr *nl_addr_build(int family, const void *buf, size_t size): owned, nl_addr_put; copies buf
    nl_addr_build: { parameters: ["i32", "buffer", "u64"], result: "pointer" },
    // void nl_addr_set_prefixlen(struct nl_addr *, int)
    nl_addr_set_prefixlen: { parameters: ["pointer", "i32"], result: "void" },
    // void *nl_addr_get_binary_addr(const struct nl_addr *): borrowed
    nl_addr_get_binary_addr: { parameters: ["pointer"], result: "pointer" },
    // unsigned int nl_addr_get_len(const struct nl_addr *)
    nl_addr_get_len: { parameters: ["pointer"], result: "u32" },
    // void nl_addr_put(struct nl_addr *): takes
    nl_addr_put: { parameters: ["pointer"], result: "void" },

    // struct nl_msg *nlmsg_convert(struct nlmsghdr *): owned, nlmsg_free; copies the message
    nlmsg_convert: { parameters: ["buffer"], result: "pointer" },
    // struct nlmsghdr *nlmsg_hdr(struct nl_msg *): borrowed from the message
    nlmsg_hdr: { parameters: ["pointer"], result: "pointer" },
    // void nlmsg_free(struct nl_msg *): takes
    nlmsg_free: { parameters: ["pointer"], result: "void" },
  },
} as const satisfies LibraryTable;
