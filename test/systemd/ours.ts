// What of the machine's network is symrouted's, and what it is made from.

import assert from "node:assert/strict";
import { families } from "../lab/addressing.ts";
import { assertCured, routes, rules } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
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

/** Milliseconds that the uplinks may take to be configured again, and symrouted then. */
const LATE = 30_000, SOON = 1000;

/** Does something with an uplink, after which everything is as before and each of them answers. */
export async function unchangedBy(world: World, action: () => Promise<unknown>): Promise<void> {
  const before = { mains: await mains(world), ours: await ours(world) };
  await action();
  await eventually(async () => assert.deepEqual(await mains(world), before.mains), { within: LATE });
  await eventually(async () => assert.deepEqual(await ours(world), before.ours), { within: SOON });
  for (const family of families) await assertCured(world, family);
}
