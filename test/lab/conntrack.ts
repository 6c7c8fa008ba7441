// The connections that a host's kernel tracks, as /proc/net/nf_conntrack lists them.

import type { Namespace } from "./netns.ts";
import { lines } from "./observe.ts";

export interface Connection {
  protocol: string;
  /** Of TCP alone. */
  state?: string;
  /** As in the first packet. */
  from: string;
  to: string;
  /** The port that was asked for; 0 of echo requests. */
  port: number;
  fromPort: number;
  /** The address that answers are sent to. */
  answerTo: string;
  mark: number;
}

export async function connections(host: Namespace): Promise<Connection[]> {
  return lines(await host.must(["cat", "/proc/net/nf_conntrack"])).map((line) => {
    const values = (name: string) =>
      [...line.matchAll(new RegExp(` ${name}=(\\S+)`, "g"))].map(([, value]) => value);
    const [from] = values("src"), [to, answerTo] = values("dst").map(short);
    const [port = 0] = values("dport").map(Number), [fromPort = 0] = values("sport").map(Number);
    const [, , protocol, , , state] = line.split(/\s+/);
    return {
      protocol,
      state: protocol === "tcp" ? state : undefined,
      from: short(from),
      to,
      port,
      fromPort,
      answerTo,
      mark: Number(values("mark")[0] ?? 0),
    };
  });
}

/** An address in its shortest form: the list has IPv6's with all their zeros. */
function short(address: string): string {
  return address.includes(":") ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}
