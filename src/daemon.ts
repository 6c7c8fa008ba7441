/** Staying: a first whole pass, then one for whatever the kernel tells, until a signal comes. */

import type { Host } from "./host.ts";
import { ERRNO, NetlinkError } from "./kernel/errors.ts";
import type { Log } from "./log.ts";
import { changedRules, state, summary } from "./outcome.ts";
import type { Reconciler } from "./reconcile.ts";
import type { Place } from "./single.ts";
import { revokePermissions } from "./unit/permissions.ts";
import type { Service } from "./unit/service.ts";

/**
 * After a notification more are likely: so long they are waited for without going to sleep, in milliseconds, because to
 * be woken up costs more than to look.
 */
const LINGER = 5;

/** While there is no end of notifications, everything else has its turn after so many milliseconds. */
const BUSY = 1000;

/** A host on which routes never stop changing is ready all the same, after so many passes and milliseconds. */
const FIRST_PASSES = 5, FIRST_READING = 3000;

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** After a failed pass the next one waits for so long, in milliseconds: at first, and at most. */
const FIRST_DELAY = 500, LONGEST_DELAY = 30_000;

interface Loop {
  readonly reconciler: Reconciler;
  readonly log: Log;
  readonly place: Place;
  readonly service: Service;
  /** What is wrong with the arguments of a successor; undefined where nothing is. */
  readonly check: (args: readonly string[]) => Promise<string | undefined>;
  /** Is called when everything has been read. */
  readonly begin: () => void;
}

/** Runs until SIGTERM or SIGINT; rules and routes stay. Throws where the first pass fails. */
export async function runDaemon(host: Host, loop: Loop): Promise<void> {
  const stop = () => {
    loop.reconciler.stop();
    loop.service.manager.stopping();
    host.kernel.wake();
  };
  const leave = () => {
    if (!loop.reconciler.stopped) loop.service.end();
    return !loop.reconciler.stopped;
  };
  const reloadable = { ...loop, leave, state: () => stateOf(loop) };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, stop);
  loop.service.begin(loop.place);
  revokePermissions();
  try {
    host.follow();
    loop.begin();
    await firstPasses(host, loop);
    for (let delay = 0; !loop.reconciler.stopped;) {
      const isGood = await nextPasses(host, loop);
      delay = isGood ? 0 : Math.min(Math.max(2 * delay, FIRST_DELAY), LONGEST_DELAY);
      if (loop.reconciler.stopped) break;
      loop.service.manager.tell(() => stateOf(loop));
      await (isGood ? wait(host, loop) : pause(delay, loop));
      await loop.service.answer(reloadable);
    }
    loop.service.end();
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

/** Waits for something to do, if nothing is left to do. */
async function wait(host: Host, { reconciler, place, service }: Loop): Promise<void> {
  service.manager.goOn();
  // What has been heard, and not been done for want of time, wakes nobody up again.
  const due = [reconciler.dueIn, service.manager.dueIn(), host.pending ? 0 : undefined]
    .filter((time) => time !== undefined);
  await host.kernel.wait(due.length > 0 ? Math.min(...due) : -1, [place.port.fd]);
}

function stateOf({ reconciler }: Loop): string {
  return state(reconciler.inPlace(), reconciler.troubles);
}

/** Waits, but not for longer than it takes to be told to stop. */
async function pause(milliseconds: number, { reconciler, service }: Loop): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!reconciler.stopped && performance.now() < end) {
    service.manager.goOn();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Passes until what was heard meanwhile is done too, and all that was read is known to be all there is; and says so. */
async function firstPasses(host: Host, loop: Loop): Promise<void> {
  const { reconciler, log, service } = loop, end = performance.now() + FIRST_READING;
  for (let pass = 1;; pass++) {
    await reconciler.breathe();
    if (reconciler.stopped) return;
    await reconciler.pass();
    host.follow();
    if (host.pending && pass < FIRST_PASSES) continue;
    if (host.isSettled || performance.now() >= end) break;
    await host.kernel.wait(host.retryIn ?? 1);
  }
  const text = stateOf(loop);
  log.info(`ready: ${text}`);
  service.ready(text);
}

/** Passes, for a while, as long as one notification follows the other. */
async function busyTime(host: Host, { reconciler, log, service }: Loop): Promise<void> {
  const end = performance.now() + BUSY;
  do {
    const outcome = await reconciler.pass();
    if (changedRules(outcome)) log.info(summary(outcome));
    await reconciler.breathe();
    service.manager.goOn();
  } while (
    !reconciler.stopped && performance.now() < end && (host.pending || host.kernel.hears(LINGER))
  );
}
