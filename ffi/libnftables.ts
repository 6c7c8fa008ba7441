/** libnftables: rulesets in the language of nft(8). Prototypes: nftables/libnftables.h; all are there since 0.9.1. */

import { library, type LibraryTable } from "./library.ts";

export const NFTABLES_PACKAGES =
  "libnftables1 on Debian and Ubuntu, nftables on Fedora, RHEL, Arch and Alpine with glibc";

const LIBNFTABLES = {
  soname: "libnftables.so.1",
  symbols: {
    // struct nft_ctx *nft_ctx_new(uint32_t flags): owned, nft_ctx_free; ends the process where it can open no socket
    nft_ctx_new: { parameters: ["u32"], result: "pointer" },
    // void nft_ctx_free(struct nft_ctx *): takes
    nft_ctx_free: { parameters: ["pointer"], result: "void" },
    // void nft_ctx_output_set_flags(struct nft_ctx *, unsigned int flags): NFT_CTX_OUTPUT_*
    nft_ctx_output_set_flags: { parameters: ["pointer", "u32"], result: "void" },
    // int nft_ctx_buffer_output(struct nft_ctx *): not 0 where it cannot
    nft_ctx_buffer_output: { parameters: ["pointer"], result: "i32" },
    // int nft_ctx_buffer_error(struct nft_ctx *): not 0 where it cannot
    nft_ctx_buffer_error: { parameters: ["pointer"], result: "i32" },
    // const char *nft_ctx_get_output_buffer(struct nft_ctx *): borrowed, until the next command; empties the buffer
    nft_ctx_get_output_buffer: { parameters: ["pointer"], result: "pointer" },
    // const char *nft_ctx_get_error_buffer(struct nft_ctx *): borrowed, until the next command; empties the buffer
    nft_ctx_get_error_buffer: { parameters: ["pointer"], result: "pointer" },
    // int nft_run_cmd_from_buffer(struct nft_ctx *, const char *buf): borrows buf; not 0 where it failed
    nft_run_cmd_from_buffer: { parameters: ["pointer", "buffer"], result: "i32" },
  },
} as const satisfies LibraryTable;

/** Throws MissingLibrary. */
export const libnftables = library(LIBNFTABLES.soname, {
  symbols: LIBNFTABLES.symbols,
  packages: NFTABLES_PACKAGES,
});
