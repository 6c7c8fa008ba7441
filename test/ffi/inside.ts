// A test in a network namespace of its own that the test's own thread enters, because what is tested here are
// sockets of this very process. Files are tested in parallel, each on one thread, and namespaces are a thread's.

import assert from "node:assert/strict";
import { liveHandles } from "../../ffi/owned.ts";
import { enter } from "../lab/ear.ts";
import { Namespace } from "../lab/netns.ts";
import { isolatedTest } from "../lab/scenario.ts";
import "./libraries.ts";

/** Says why a test cannot run here, where it cannot. */
export interface InsideOptions {
  readonly skip?: string;
}

/** A test with a namespace; it fails, too, where it leaves a C object alive. */
export function inside(
  name: string,
  body: (host: Namespace) => void | Promise<void>,
  options: InsideOptions = {},
): void {
  isolatedTest(name, async () => {
    const [host] = await Namespace.create(["ffi"]);
    await using _host = host;
    using _entered = enter(`/run/netns/${host.name}`);
    await body(host);
    assert.deepEqual(liveHandles(), {}, "C objects are still alive at the end");
  }, options);
}

/** Interfaces of a namespace by their names. */
export async function ifindexes(host: Namespace): Promise<Record<string, number>> {
  const links: { ifname: string; ifindex: number }[] = JSON.parse(await host.ip("-j link show"));
  return Object.fromEntries(links.map(({ ifname, ifindex }) => [ifname, ifindex]));
}
