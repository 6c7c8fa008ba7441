/** How nftables is spoken of by netlink: linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h. */

export const NETLINK_NETFILTER = 12;
/** The multicast group that is told of every change of a ruleset. */
export const NFNLGRP_NFTABLES = 7;

/** `NFNL_SUBSYS_NFTABLES`, in the upper byte of a message's type. */
const NFTABLES = 10 << 8;

/** Message types (`enum nf_tables_msg_types`). */
export const NFT_MESSAGE = {
  getTable: NFTABLES | 1,
  newGeneration: NFTABLES | 15,
  getGeneration: NFTABLES | 16,
};

/** Whether a message of that type is about tables and what is in them, by whose name it begins. */
export function namesTable(type: number): boolean {
  return (type & 0xff00) === NFTABLES && type !== NFT_MESSAGE.newGeneration;
}

/** `NFTA_*_TABLE`: in all of those messages the attribute with the table's name. */
export const TABLE_NAME = 1;

/** `struct nfgenmsg`: the family (one byte), the version (one), a resource (two). */
export const NFGENMSG_BYTES = 4;

/** Families of tables (`enum` of NFPROTO_*, linux/netfilter.h). */
export const NFPROTO = { inet: 1, ip: 2, ip6: 10 } as const;
export type TableFamily = keyof typeof NFPROTO;
