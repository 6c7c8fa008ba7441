// What of the machine's network is symrouted's, and what it is made from.

import { families } from "../lab/addressing.ts";
import { routes, rules } from "../lab/observe.ts";
import type { World } from "../lab/world.ts";

/** All rules and routes of symrouted's, as `ip` prints them. */
export async function ours({ host, uplinks }: World): Promise<string[]> {
  const texts = await Promise.all(families.map(async (family) => {
    const tables = await Promise.all(uplinks.map(({ table }) => routes(host, table, family)));
    const marked = (await rules(host, family)).filter((line) => line.endsWith(" proto 115"));
    return [...marked.sort(), ...tables.flat()];
  }));
  return texts.flat();
}

/** All routes of main, without the time that they have left. */
export async function mains({ host }: World): Promise<string[]> {
  const texts = await Promise.all(families.map((family) => routes(host, "main", family)));
  return texts.flat().map((line) => line.replace(/ expires \d+sec/, ""));
}
