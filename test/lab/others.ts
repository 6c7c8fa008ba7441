// What belongs to others, to be the same byte for byte whatever symrouted does.

import { families } from "./addressing.ts";
import type { Namespace } from "./netns.ts";
import { state } from "./observe.ts";

/** A rule of ours. */
const rule = / proto 115$/;

/** All rules, routes, links and addresses but our rules and what stands in the tables that they lead to. */
export async function others(host: Namespace): Promise<string> {
  const text = await state(host);
  const ours = new Set([...text.matchAll(/lookup (\d+) proto 115$/gm)].map(([, table]) => table));
  const isOurs = (line: string) => rule.test(line) || ours.has(/ table (\d+)\b/.exec(line)?.[1] ?? "");
  return text.split("\n").filter((line) => !isOurs(line)).join("\n");
}

/** Rules and tables of other programs. */
export async function addOthers(host: Namespace): Promise<void> {
  for (const family of families) {
    await host.batch(
      ["fwmark 0x1 lookup 51820 priority 4000", "fwmark 0x2 lookup 77 priority 4100 protocol 4"].map((rule) =>
        `rule add ${rule}`
      ),
      family,
    );
  }
  await host.batch([
    "route add 203.0.113.64/26 via 10.0.0.7 dev em1 table 51820 proto 99",
    "route add 2001:db8:77::/48 via 2001:db8:1::7 dev em1 table 77 proto 99",
  ]);
}
