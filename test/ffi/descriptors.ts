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

function descriptors(): string[] {
  return [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => name).sort();
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
  const count = descriptors().length;
  first[Symbol.dispose]();
  second.wake();
  await second.wait(0);
  return descriptors().length === count;
}

open()[Symbol.dispose]();
const before = { descriptors: descriptors(), live: liveHandles() };
const { name, message } = exhaust();
const after = { descriptors: descriptors(), live: liveHandles() };
console.log(JSON.stringify([before, after, await outlives(), { name, message }]));
