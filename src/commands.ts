/** What each call of the program does, and the exit status that it ends with. */

import { runDaemon } from "./daemon.ts";
import { optionsIn } from "./arguments.ts";
import { standIn, vocabularyOf } from "./apply.ts";
import { changeCommand, connectionText, type Vocabulary } from "./describe.ts";
import { dumpLines } from "./dump.ts";
import { markCommand } from "./connmark/change.ts";
import { notesPath, openMarker } from "./connmark/open.ts";
import { Host } from "./host.ts";
import { NetlinkError } from "./kernel/errors.ts";
import { Log } from "./log.ts";
import type { Change } from "./model/change.ts";
import { matchesGlob } from "./model/glob.ts";
import { ruleText } from "./model/text.ts";
import { count, type Outcome, summary, tally } from "./outcome.ts";
import { print } from "./output.ts";
import { cutConnections } from "./plan/cut.ts";
import { markOverlaps } from "./plan/overlaps.ts";
import type { Options } from "./plan/options.ts";
import { allInConflict, type Plan, plan, planFlush } from "./plan/plan.ts";
import { Stranded } from "./plan/stranded.ts";
import { Reconciler } from "./reconcile.ts";
import { daemonHere, takePlace } from "./single.ts";
import { EXIT, Failure, requireNetAdmin } from "./status.ts";
import { Service } from "./unit/service.ts";

/** How often what changed while it was read is read again, at growing intervals. */
const ATTEMPTS = 3;

/** So often, at intervals in milliseconds, it is looked whether a daemon has done what is to be done. */
const PATIENCE = 5, INTERVAL = 500;

/** What is asked for: at most one of `once` and `flush`. */
export interface Call {
  readonly once: boolean;
  readonly flush: boolean;
  readonly dryRun: boolean;
  readonly dump: boolean;
  readonly options: Options;
  readonly log: Log;
  /** What is wrong with the arguments of a successor; undefined where nothing is. */
  readonly check: (args: readonly string[]) => Promise<string | undefined>;
}

/** Runs to the end and gives the exit status. Throws Failure, MissingLibrary, NetlinkError. */
export async function runCall(call: Call): Promise<number> {
  if (!call.dryRun && !call.once && !call.flush) return await stay(call);
  if (!call.dryRun) requireNetAdmin();
  return await runOnce(call);
}

async function stay(call: Call): Promise<number> {
  using service = new Service(call.log);
  if (!await service.mayStart()) return EXIT.done;
  requireNetAdmin();
  // Libraries are opened before anything is said: nothing that is said meanwhile is heard (ffi/quiet.ts).
  using host = new Host(call.options, openMarker(call.options, call));
  using place = await takePlace(call.log);
  await runDaemon(host, {
    reconciler: reconcilerOf(host, call, () => service.manager.goOn()),
    log: call.log,
    place,
    service,
    check: async (args) => await call.check(args) ?? overlapText(host, await optionsIn(args)),
    begin: () => begin(host, call),
  });
  return EXIT.done;
}

async function runOnce(call: Call): Promise<number> {
  const daemon = call.dryRun ? undefined : daemonHere();
  if (daemon && call.flush) {
    throw new Failure(
      EXIT.failed,
      "not flushed",
      `${daemon}, and would put everything back`,
      "stop it first",
    );
  }
  using host = new Host(call.options, openMarker(call.options, call));
  await observe(host);
  begin(host, call);
  const status = call.dryRun
    ? dryRun(host, { reconciler: reconcilerOf(host, call), call })
    : daemon
    ? await leave(daemon, { host, call })
    : await once(host, call);
  if (host.isSettled) return status;
  throw new Failure(
    EXIT.failed,
    "not all could be done",
    "routes or rules kept changing while they were read",
  );
}

function reconcilerOf(host: Host, { options, log, flush }: Call, goOn?: () => void): Reconciler {
  return new Reconciler(host, { options, log, planner: flush ? planFlush : plan, goOn });
}

/** What comes before the first pass. */
function begin(host: Host, call: Call): void {
  const overlap = call.flush ? undefined : overlapText(host, call.options);
  if (overlap) {
    throw new Failure(EXIT.configuration, "nothing changed", overlap, "choose others by --mark-mask");
  }
  if (!call.flush) warnOfGlobs(host, call);
  if (call.dump) printLines(dumpLines(host));
}

/** Reads everything, and again for a while where it changed meanwhile. */
async function observe(host: Host): Promise<void> {
  host.follow();
  for (let attempt = 0; !host.isSettled && attempt < ATTEMPTS; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, host.retryIn));
    host.follow();
  }
}

async function once(host: Host, call: Call): Promise<number> {
  const reconciler = reconcilerOf(host, call);
  host.kernel.stopListening();
  return report(await reconciler.pass(), { reconciler, call });
}

/** Leaves the work to a daemon: what two of them write they would undo for each other. */
async function leave(daemon: string, { host, call }: { host: Host; call: Call }): Promise<number> {
  for (let attempt = 1;; attempt++) {
    // What there is to tell is told once.
    const log = attempt === 1 ? call.log : Log.silent();
    const reconciler = reconcilerOf(host, { ...call, log });
    const { first, then, marks } = reconciler.decide(), changes = first.length + then.length + marks.length;
    if (changes === 0) return report(tally([], []), { reconciler, call });
    if (attempt === PATIENCE) {
      throw new Failure(
        EXIT.failed,
        `${count(changes, "change")} not made`,
        `${daemon}, and does not make them`,
        "it may have other options: stop it first",
      );
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    host.distrust();
    await observe(host);
  }
}

function report(outcome: Outcome, { reconciler, call }: { reconciler: Reconciler; call: Call }): number {
  const { rules, routes } = reconciler.inPlace();
  printLines([`symrouted: ${summary(outcome)}; ${count(rules, "rule")}, ${count(routes, "route")} in place`]);
  if (!call.flush && allInConflict(reconciler.plan)) {
    throw new Failure(EXIT.configuration, "no interface could be taken", "every table is in use by others");
  }
  return outcome.refused > 0 ? EXIT.failed : EXIT.done;
}

function dryRun(host: Host, { reconciler, call }: { reconciler: Reconciler; call: Call }): number {
  const { plan, first, then, refresh, marks } = reconciler.decide();
  const work = { host, plan, vocabulary: vocabularyOf(host), stranded: new Stranded(host.stores) };
  const commandsForMarks = marks.map((change) => markCommand(change, notesPath()));
  printLines([
    ...plan.notes.map(({ text }) => `# ${text}`),
    ...(call.options.isolate && !call.flush ? cutLines(host, plan) : []),
    ...(plan.marks ? [] : commandsForMarks),
    ...[...first, ...then, ...refresh.changes].flatMap((change) => commandsOf(change, work)),
    ...(plan.marks ? commandsForMarks : []),
  ]);
  return first.length + then.length + marks.length > 0 ? EXIT.different : EXIT.done;
}

/** The established connections that closed tables would cut, as comments. */
function cutLines(host: Host, plan: Plan): string[] {
  try {
    const { observed } = host, connections = host.kernel.readTcpConnections();
    return cutConnections(connections, { observed, plan }).map((one) => `# cuts ${connectionText(one)}`)
      .sort();
  } catch (error) {
    if (!(error instanceof NetlinkError)) throw error;
    return [`# the connections that this cuts are not known: ${error.message}`];
  }
}

/** A change as a command; one that the kernel is going to refuse as a comment, with what stands in for it. */
function commandsOf(
  change: Change,
  { host: { stores }, plan, vocabulary, stranded }: {
    host: Host;
    plan: Plan;
    vocabulary: Vocabulary;
    stranded: Stranded;
  },
): string[] {
  const command = changeCommand(change, vocabulary);
  if ("rule" in change || change.op === "delete") return [command];
  const hop = stranded.hop(change.family, change.path);
  if (!hop) return [command];
  const where = `its gateway ${hop.gateway} is on no network of ${vocabulary.names(hop.ifindex)}`;
  const instead = standIn(change, { plan, stores });
  return [
    `# the kernel refuses it while ${where}: ${command}`,
    ...(instead ? [changeCommand(instead, vocabulary)] : []),
  ];
}

/** Two that use the same bits of marks would take each other's traffic: whose rule that is, undefined where there is none. */
function overlapText(host: Host, options: Options | undefined): string | undefined {
  const [rule] = options?.connmark ? markOverlaps(host.observed, options) : [];
  return rule &&
    `rule "${rule.priority}: ${ruleText(rule)}" (IPv${rule.family}) is about bits of --connmark's marks`;
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
