/** Staying: a first whole pass, then one for whatever the kernel tells, until a signal comes. */

import type { Host } from "./host.ts";
import type { Log } from "./log.ts";
import type { Outcome, Reconciler } from "./reconcile.ts";

/**
 * After a notification more are likely: so long they are waited for without going to sleep, in milliseconds, because to
 * be woken up costs more than to look.
 */
const LINGER = 5;
/** For so long, in milliseconds, a stream of notifications may keep signals waiting. */
const PATIENCE = 50;

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Runs until SIGTERM or SIGINT; rules and routes stay. */
export async function runDaemon(
  host: Host,
  { reconciler, log }: { reconciler: Reconciler; log: Log },
): Promise<void> {
  const stop = () => {
    reconciler.stopped = true;
    host.kernel.wake();
  };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, stop);
  try {
    await firstPass(host, { reconciler, log });
    let resyncs = host.resyncs;
    while (!reconciler.stopped) {
      await host.kernel.wait(host.retryIn ?? -1);
      if (reconciler.stopped) break;
      host.retry();
      await busyTime(host, { reconciler, log });
      if (host.resyncs === resyncs) continue;
      log.warn(`notifications were lost (${host.kernel.drops()} so far): everything was read again`);
      resyncs = host.resyncs;
    }
  } finally {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, stop);
  }
}

async function firstPass(
  host: Host,
  { reconciler, log }: { reconciler: Reconciler; log: Log },
): Promise<void> {
  await reconciler.pass();
  if (reconciler.stopped) return;
  host.follow();
  const { rules, routes } = reconciler.inPlace();
  log.info(`ready: ${count(rules, "rule")}, ${count(routes, "route")} in place`);
}

/** Passes, as long as one notification follows the other. */
async function busyTime(
  host: Host,
  { reconciler, log }: { reconciler: Reconciler; log: Log },
): Promise<void> {
  let since = performance.now();
  do {
    const outcome = await reconciler.pass();
    if (changed(outcome)) log.info(summary(outcome));
    if (performance.now() - since > PATIENCE) {
      await reconciler.breathe();
      since = performance.now();
    }
  } while (!reconciler.stopped && (host.pending || host.kernel.hears(LINGER)));
}

function changed({ rulesAdded, rulesRemoved }: Outcome): boolean {
  return rulesAdded + rulesRemoved > 0;
}

export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

/** What a pass changed, in one line. */
export function summary({ rulesAdded, rulesRemoved, routesAdded, routesRemoved, refused }: Outcome): string {
  const parts = [
    ...changes(rulesAdded, "rule", "added"),
    ...changes(routesAdded, "route", "added"),
    ...changes(rulesRemoved, "rule", "removed"),
    ...changes(routesRemoved, "route", "removed"),
    ...changes(refused, "change", "refused"),
  ];
  return parts.length === 0 ? "nothing to do" : parts.join(", ");
}

function changes(number: number, thing: string, what: string): string[] {
  return number === 0 ? [] : [`${count(number, thing)} ${what}`];
}
