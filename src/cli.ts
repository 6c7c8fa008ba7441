/** The program from its arguments to its exit status: every failure becomes one line. */

import { daemonError, readArguments, successorError } from "./arguments.ts";
import { runCall } from "./commands.ts";
import { type Flags, optionsOf } from "./flags.ts";
import { ERRNO, MissingLibrary, NetlinkError } from "./kernel/errors.ts";
import { leadsToJournal, Log } from "./log.ts";
import { complain, oneLine, print } from "./output.ts";
import { EXIT, Failure } from "./status.ts";
import { askToReload } from "./unit/reload.ts";
import { pathError, programPath, unitText } from "./unit/text.ts";
import type { Action } from "./words.ts";

/** Runs the program with its arguments; gives its exit status. */
export async function runCli(args: readonly string[]): Promise<number> {
  const request = await readArguments(args), options = args.filter((word) => !RELOAD.test(word));
  if ("error" in request) return fail(request.error, EXIT.usage);
  if (isService()) {
    const error = await daemonError(args);
    if (error) return fail(`not started: ${error}`, EXIT.usage);
  } else if (options.length < args.length) {
    const error = await daemonError(options);
    if (error) return fail(`not reloaded: ${error}`, EXIT.usage);
  }
  if ("text" in request) return await told(() => print(request.text));
  if ("action" in request) return await ended(request.action);
  const { flags } = request;
  if (flags.printUnit) return await told(printUnit);
  if (flags.licenses) {
    // What few calls need is loaded only for them.
    const { licensesText } = await import("./licenses.ts");
    return await told(() => print(licensesText()));
  }
  if (flags.reload) return await told(() => askToReload(options, optionsOf(flags)));
  if (flags.installUnit || flags.uninstallUnit) {
    const { changeService } = await import("./unit/change.ts");
    return await told(() => changeService(flags, args));
  }
  return await perform(flags);
}

/** The option that is not the daemon's. */
const RELOAD = /^--reload(=|$)/;

/**
 * Whether this is the first process of a service that systemd has started (sd_notify(3)). What ends by itself systemd would
 * take for the service, as it would take it for its reload.
 */
function isService(): boolean {
  return Deno.ppid === 1 && Deno.env.has("NOTIFY_SOCKET");
}

function printUnit(): void {
  const path = programPath(), error = pathError(path);
  if (error) throw new Failure(EXIT.failed, "no unit", error, "move the executable");
  print(unitText(path));
}

/** Does what ends the program, and gives the exit status. */
function told(action: () => void | Promise<void>): Promise<number> {
  return ended(async () => {
    await action();
    return EXIT.done;
  });
}

/** The same for what knows its exit status. */
async function ended(action: Action): Promise<number> {
  try {
    return await action();
  } catch (error) {
    return fail(messageOf(error), statusOf(error));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function perform(flags: Flags): Promise<number> {
  const { once = false, flush = false, dryRun = false, dump = false } = flags;
  const log = new Log(flags.logLevel ?? "info", { journal: leadsToJournal() });
  try {
    const options = optionsOf(flags);
    const check = (args: readonly string[]) => successorError(args, options);
    return await runCall({ once, flush, dryRun, dump, options, log, check });
  } catch (error) {
    await log.flush();
    return fail(messageOf(error), statusOf(error));
  } finally {
    await log.flush();
  }
}

function statusOf(error: unknown): number {
  if (error instanceof Failure) return error.status;
  if (error instanceof MissingLibrary) return EXIT.missingLibrary;
  if (error instanceof NetlinkError && error.code === ERRNO.EPERM) return EXIT.privilege;
  return EXIT.failed;
}

function fail(text: string, status: number): number {
  complain(`symrouted: ${oneLine(text)}`);
  return status;
}
