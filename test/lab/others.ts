// What belongs to others, to be the same byte for byte whatever symrouted does.

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
