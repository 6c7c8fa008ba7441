// A test in a network namespace of its own that the test's own thread enters, because what is tested here are
// sockets of this very process. Files are tested in parallel, each on one thread, and namespaces are a thread's.

import assert from "node:assert/strict";
import { cString, liveHandles } from "../../ffi/owned.ts";
import { Namespace } from "../lab/netns.ts";
import { isolatedTest } from "../lab/scenario.ts";
import "./libraries.ts";

const CLONE_NEWNET = 0x40000000;
const O_CLOEXEC = 0o2000000;

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

/** Moves this thread into the network namespace, until what is given is disposed of. */
function enter(path: string): Disposable {
  const libc = Deno.dlopen("libc.so.6", {
    // int open(const char *pathname, int flags): owned, close
    open: { parameters: ["buffer", "i32"], result: "i32" },
    // int setns(int fd, int nstype)
    setns: { parameters: ["i32", "i32"], result: "i32" },
    // int close(int fd): takes
    close: { parameters: ["i32"], result: "i32" },
  });
  const { open, setns, close } = libc.symbols;
  const home = open(cString("/proc/thread-self/ns/net"), O_CLOEXEC);
  const there = open(cString(path), O_CLOEXEC);
  assert.equal(setns(there, CLONE_NEWNET), 0, `${path} cannot be entered`);
  close(there);
  return {
    [Symbol.dispose]: () => {
      assert.equal(setns(home, CLONE_NEWNET), 0, "the test's own namespace cannot be entered again");
      close(home);
      libc.close();
    },
  };
}

/** Interfaces of a namespace by their names. */
export async function ifindexes(host: Namespace): Promise<Record<string, number>> {
  const links: { ifname: string; ifindex: number }[] = JSON.parse(await host.ip("-j link show"));
  return Object.fromEntries(links.map(({ ifname, ifindex }) => [ifname, ifindex]));
}
