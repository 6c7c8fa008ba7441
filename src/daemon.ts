/** Staying: a first whole pass, then one for whatever the kernel tells, until a signal comes. */

import type { Host } from "./host.ts";
import { ERRNO, NetlinkError } from "./kernel/errors.ts";
import type { Log } from "./log.ts";
import { changedRules, count, summary } from "./outcome.ts";
import type { Reconciler } from "./reconcile.ts";
import type { Place } from "./single.ts";

/**
 * After a notification more are likely: so long they are waited for without going to sleep, in milliseconds, because to
 * be woken up costs more than to look.
 */
const LINGER = 5;

/** A host on which routes never stop changing is ready all the same. */
const FIRST_PASSES = 5;

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** After a failed pass the next one waits for so long, in milliseconds: at first, and at most. */
const FIRST_DELAY = 500, LONGEST_DELAY = 30_000;

interface Loop {
  readonly reconciler: Reconciler;
  readonly log: Log;
  readonly place: Place;
  /** Is called when everything has been read. */
  readonly begin: () => void;
}

/** Runs until SIGTERM or SIGINT; rules and routes stay. Throws where the first pass fails. */
export async function runDaemon(host: Host, loop: Loop): Promise<void> {
  const stop = () => {
    loop.reconciler.stop();
    host.kernel.wake();
  };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, stop);
  try {
    host.follow();
    loop.begin();
    await firstPasses(host, loop);
    for (let delay = 0; !loop.reconciler.stopped;) {
      const isGood = await nextPasses(host, loop);
      delay = isGood ? 0 : Math.min(Math.max(2 * delay, FIRST_DELAY), LONGEST_DELAY);
      if (loop.reconciler.stopped) break;
      await (isGood ? host.kernel.wait(loop.reconciler.dueIn ?? -1, loop.place.fd) : pause(delay, loop));
      loop.place.answer();
    }
  } finally {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, stop);
  }
}

/** Passes until nothing more is heard; false where one failed: nothing that was read in it is to be trusted. */
async function nextPasses(host: Host, loop: Loop): Promise<boolean> {
  const { resyncs } = host;
  try {
    await busyTime(host, loop);
  } catch (error) {
    if (!(error instanceof NetlinkError) || error.code === ERRNO.EPERM) throw error;
    loop.log.error(`${error.message}: everything will be read again`);
    host.distrust();
    return false;
  }
  if (host.resyncs > resyncs) {
    loop.log.warn(`notifications were lost (${host.kernel.drops()} so far): everything was read again`);
  }
  return true;
}

/** Waits, but not for longer than it takes to be told to stop. */
async function pause(milliseconds: number, { reconciler }: Loop): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!reconciler.stopped && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Passes until what was heard meanwhile is done too, and says so. */
async function firstPasses(host: Host, { reconciler, log }: Loop): Promise<void> {
  for (let pass = 0; pass === 0 || (host.pending && pass < FIRST_PASSES); pass++) {
    await reconciler.breathe();
    if (reconciler.stopped) return;
    await reconciler.pass();
    host.follow();
  }
  const { rules, routes } = reconciler.inPlace();
  log.info(`ready: ${count(rules, "rule")}, ${count(routes, "route")} in place`);
}

/** Passes, as long as one notification follows the other. */
async function busyTime(host: Host, { reconciler, log }: Loop): Promise<void> {
  do {
    const outcome = await reconciler.pass();
    if (changedRules(outcome)) log.info(summary(outcome));
    await reconciler.breathe();
  } while (!reconciler.stopped && (host.pending || host.kernel.hears(LINGER)));
}
