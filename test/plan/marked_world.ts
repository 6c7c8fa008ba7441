// A host with two uplinks whose connections are marked.

import type { WorldText } from "../model/world.ts";

export const host: WorldText = {
  links: "2: em1 up\n3: em2 up",
  addresses: "10.0.0.2/16 dev em1\n10.3.0.2/24 dev em2",
  routes: "default via 10.0.0.1 dev em1 proto static\ndefault via 10.3.0.1 dev em2 proto static metric 9",
};
export const tables = `
  default via 10.0.0.1 dev em1 table 1002 proto static
  default via 10.3.0.1 dev em2 table 1003 proto static metric 9`;
export const sources = `
  27200: from 10.0.0.2 lookup 1002 proto 115
  27200: from 10.3.0.2 lookup 1003 proto 115`;
export const em1 = "27000: from all fwmark 0x1000000/0x7f000000 lookup 1002 proto 115";
export const em2 = "27000: from all fwmark 0x2000000/0x7f000000 lookup 1003 proto 115";
export const past = `
  27000: from all fwmark 0x7f000000/0x7f000000 goto 27300 proto 115
  27300: from all nop proto 115`;
/** A host where all is in place. */
export const settled: WorldText = {
  ...host,
  routes: `${host.routes}\n${tables}`,
  rules: `${em1}\n${em2}\n${past}\n${sources}`,
  marks: "em1 0x01000000\nem2 0x02000000",
};
