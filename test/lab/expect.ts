// What the host should have, worked out anew from what the kernel has: only for worlds without inside interfaces,
// bans or conflicts, where every global address has a rule and every table its interface's own routes.

import assert from "node:assert/strict";
import { families, type Family, flag } from "./addressing.ts";
import type { Namespace } from "./netns.ts";
import { lines, routes, sourceRules } from "./observe.ts";
import { eventually, type Patience } from "./process.ts";

/** An interface with its global addresses, as `ip -json address` prints it. */
interface Interface {
  ifname: string;
  ifindex: number;
  addr_info: { family: "inet" | "inet6"; local: string; scope: string }[];
}

/** Asserts that rules and tables are exactly what main and the addresses ask for, and that no other table is left. */
export async function assertMirrored(host: Namespace): Promise<void> {
  const text = await host.ip("-json address show");
  const interfaces = (JSON.parse(text) as Interface[]).filter(({ ifname }) => ifname !== "lo");
  for (const family of families) {
    const addressed = interfaces.filter((one) => globals(one, family).length > 0);
    const rules = addressed.flatMap((one) =>
      globals(one, family).map((address) => `from ${address} lookup ${1000 + one.ifindex}`)
    );
    assert.deepEqual(await sourceRules(host, family), rules.sort(), "the rules");
    const main = await routes(host, "main", family);
    const tables = new Set<number>();
    for (const { ifname, ifindex } of addressed) {
      const own = main.filter((route) => ` ${route} `.includes(` dev ${ifname} `));
      assert.deepEqual(await routes(host, 1000 + ifindex, family), own, `the table of ${ifname}`);
      if (own.length > 0) tables.add(1000 + ifindex);
    }
    assert.deepEqual(await usedTables(host, family), [...tables].sort(), "the tables in use, from 1000 on");
  }
}

/** Waits until rules and tables are exactly right. */
export function eventuallyMirrored(host: Namespace, patience: Patience = {}): Promise<void> {
  return eventually(() => assertMirrored(host), patience);
}

function globals({ addr_info }: Interface, family: Family): string[] {
  const name = family === "IPv4" ? "inet" : "inet6";
  return addr_info.filter((one) => one.family === name && one.scope === "global").map(({ local }) => local);
}

async function usedTables(host: Namespace, family: Family): Promise<number[]> {
  const found = lines(await host.ip(`${flag(family)} route show table all`)).flatMap((route) => {
    const table = Number(/ table (\d+)/.exec(route)?.[1]);
    return table >= 1000 ? [table] : [];
  });
  return [...new Set(found)].sort();
}
