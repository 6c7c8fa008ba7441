/** What each call of the program does, and the exit status that it ends with. */

import { runDaemon } from "./daemon.ts";
import { vocabularyOf } from "./apply.ts";
import { changeCommand } from "./describe.ts";
import { dumpLines } from "./dump.ts";
import { Host } from "./host.ts";
import type { Log } from "./log.ts";
import { matchesGlob } from "./model/glob.ts";
import { count, summary } from "./outcome.ts";
import { print } from "./output.ts";
import type { Options } from "./plan/options.ts";
import { allInConflict, plan, planFlush } from "./plan/plan.ts";
import { Reconciler } from "./reconcile.ts";
import { EXIT, Failure, requireNetAdmin } from "./status.ts";

/** How often what changed while it was read is read again, at growing intervals. */
const ATTEMPTS = 3;

/** What is asked for: at most one of `once` and `flush`. */
export interface Call {
  readonly once: boolean;
  readonly flush: boolean;
  readonly dryRun: boolean;
  readonly dump: boolean;
  readonly options: Options;
  readonly log: Log;
}

/** Runs to the end and gives the exit status. Throws Failure, MissingLibrary, NetlinkError. */
export async function runCall(call: Call): Promise<number> {
  if (!call.dryRun) requireNetAdmin();
  using host = new Host(call.options);
  const reconciler = new Reconciler(host, {
    options: call.options,
    log: call.log,
    planner: call.flush ? planFlush : plan,
  });
  const begin = () => {
    if (!call.flush) warnOfGlobs(host, call);
    if (call.dump) printLines(dumpLines(host));
  };
  if (!call.dryRun && !call.once && !call.flush) {
    await runDaemon(host, { reconciler, log: call.log, begin });
    return EXIT.done;
  }
  await observe(host);
  begin();
  const status = call.dryRun ? dryRun(host, reconciler) : await once(host, { reconciler, call });
  if (host.isSettled) return status;
  throw new Failure(
    EXIT.failed,
    "not all could be done",
    "routes or rules kept changing while they were read",
  );
}

/** Reads everything, and again for a while where it changed meanwhile. */
async function observe(host: Host): Promise<void> {
  host.follow();
  for (let attempt = 0; !host.isSettled && attempt < ATTEMPTS; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, host.retryIn));
    host.follow();
  }
}

async function once(
  host: Host,
  { reconciler, call }: { reconciler: Reconciler; call: Call },
): Promise<number> {
  host.kernel.stopListening();
  const outcome = await reconciler.pass();
  const { rules, routes } = reconciler.inPlace();
  printLines([`symrouted: ${summary(outcome)}; ${count(rules, "rule")}, ${count(routes, "route")} in place`]);
  if (!call.flush && allInConflict(reconciler.plan)) {
    throw new Failure(EXIT.configuration, "no interface could be taken", "every table is in use by others");
  }
  return outcome.refused > 0 ? EXIT.failed : EXIT.done;
}

function dryRun(host: Host, reconciler: Reconciler): number {
  const { plan, first, then } = reconciler.decide();
  const vocabulary = vocabularyOf(host);
  printLines([
    ...plan.notes.map(({ text }) => `# ${text}`),
    ...[...first, ...then].map((change) => changeCommand(change, vocabulary)),
  ]);
  return first.length + then.length > 0 ? EXIT.different : EXIT.done;
}

/** A pattern that fits no interface is more likely a slip than a plan. */
function warnOfGlobs(host: Host, { options, log }: Call): void {
  const given = [
    ...options.interfaces.filter((glob) => glob !== "*").map((glob) => ["--interface", glob]),
    ...options.exclude.map((glob) => ["--exclude", glob]),
    ...options.roles.map(({ glob, role }) => ["--role", glob, `=${role}`]),
  ];
  const names = [...host.observed.links.values()].map(({ name }) => name);
  for (const [option, glob, rest = ""] of given) {
    if (!names.some((name) => matchesGlob(name, glob))) {
      log.warn(`${option} ${glob}${rest}: no interface has such a name`);
    }
  }
}

function printLines(lines: readonly string[]): void {
  if (lines.length > 0) print(lines.map((line) => `${line}\n`).join(""));
}
