// Opens doors to the kernel until there are no descriptors left; then frees a waiter twice. Prints the descriptors
// before and after, whether another waiter outlived the second freeing, and the error.

import { liveHandles } from "../../ffi/owned.ts";
import { Waiter } from "../../ffi/waiter.ts";
import { Kernel } from "../../src/kernel/kernel.ts";
import { Paths } from "../../src/model/paths.ts";
import { RouteStore } from "../../src/model/store.ts";

function open(): Kernel {
  const paths = new Paths();
  return new Kernel(paths, { 4: new RouteStore(4, paths), 6: new RouteStore(6, paths) });
}

/** The descriptors of the kinds that are opened here: the runtime opens and closes files as it likes. */
function descriptors(): string[] {
  const all = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => `${name} ${kindOf(name)}`);
  return all.filter((one) => /socket|eventfd/.test(one)).sort();
}

function eventfds(): number {
  return descriptors().filter((one) => one.includes("eventfd")).length;
}

function kindOf(descriptor: string): string {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${descriptor}`).replace(/:\[\d+\]$/, "");
  } catch {
    return "closed by now";
  }
}

/** Opens as many as there can be, closes them, and gives the error of the one that was too many. */
function exhaust(): Error {
  using stack = new DisposableStack();
  for (;;) {
    try {
      stack.use(open());
    } catch (error) {
      return error as Error;
    }
  }
}

/** Whether a waiter can still be woken after another one, whose descriptor's number it got, was freed again. */
async function outlives(): Promise<boolean> {
  const first = new Waiter(0);
  first[Symbol.dispose]();
  using second = new Waiter(0);
  const count = eventfds();
  first[Symbol.dispose]();
  second.wake();
  await second.wait(0);
  // To wait the runtime opens sockets of its own.
  return eventfds() === count;
}

open()[Symbol.dispose]();
const before = { descriptors: descriptors(), live: liveHandles() };
const { name, message } = exhaust();
const after = { descriptors: descriptors(), live: liveHandles() };
console.log(JSON.stringify([before, after, await outlives(), { name, message }]));
