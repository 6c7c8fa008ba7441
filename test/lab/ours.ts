// What is ours on a host, told by what `ip` prints.

import type { Monitor } from "./monitor.ts";
import type { Namespace } from "./netns.ts";
import { lines, state } from "./observe.ts";

/** A rule of ours, or a route in a table of ours with the usual base, as `ip` and `ip monitor` print them. */
const own = /\blookup 10\d\d proto 115$|\btable 10\d\d\b/;

/** Our rules and routes, sorted, as one text. */
export async function ours(host: Namespace): Promise<string> {
  return lines(await state(host)).filter((line) => own.test(line)).sort().join("\n");
}

/** What has become of our rules and routes since then: each as `ip monitor` prints it. */
export async function ownChanges(monitor: Monitor, options: { from?: number } = {}): Promise<string[]> {
  return lines((await monitor.happened(options)).join("\n")).filter((line) => own.test(line));
}
