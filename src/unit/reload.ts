/**
 * A daemon that goes on with other options: it is asked to by the name that it holds, and calls itself again in its own
 * place. Its process number, its rules and its routes stay.
 */

import type { Connection } from "../kernel/system.ts";
import type { Log } from "../log.ts";
import { print } from "../output.ts";
import { connectToDaemon, type Place, words } from "../single.ts";
import { EXIT, Failure } from "../status.ts";
import type { ServiceManager } from "./notify.ts";
import { Program } from "./program.ts";

/** How long the daemon waits for the words of who has called, in milliseconds: they are under way before it looks. */
const LISTENS = 200;
/** How long the daemon may take to answer, and its successor to begin; it may be in the middle of many routes. */
const ANSWERS = 60_000, BEGINS = 20_000, INTERVAL = 20;
/** By then a signal that came before has been told of. */
const SIGNALS_ARE_TOLD = 20;

/** Asks the daemon of this network namespace to go on with these options, and waits until it does. */
export async function askToReload(args: readonly string[]): Promise<void> {
  using daemon = connectToDaemon();
  if (!daemon) throw refused("no symrouted runs in this network namespace", "start it");
  const isAsked = daemon.writeLine(JSON.stringify(args));
  // Who may not ask has been told so, and left alone, before the question is whole.
  const answer = daemon.readLine(isAsked ? ANSWERS : LISTENS);
  if (answer === undefined && !isAsked) throw refused("it cannot be asked, or the options are too long");
  if (answer === undefined) throw refused(`${words(daemon.peer)} does not answer`);
  // It says nothing more, unless it cannot call itself again.
  const reason = answer || daemon.readLine(BEGINS);
  if (reason) throw refused(reason);
  const end = performance.now() + BEGINS;
  for (;;) {
    using successor = connectToDaemon();
    if (successor) {
      return print(`symrouted: reloaded: ${words(successor.peer)} goes on with its new options\n`);
    }
    if (performance.now() > end || hasEnded(daemon.peer)) throw refused(`${words(daemon.peer)} has ended`);
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }
}

function hasEnded({ pid }: { pid?: number } = {}): boolean {
  try {
    if (pid !== undefined) Deno.statSync(`/proc/${pid}`);
    return false;
  } catch {
    return true;
  }
}

function refused(why: string, hint?: string): Failure {
  return new Failure(EXIT.failed, "not reloaded", why, hint);
}

/** What a daemon needs to be reloaded. */
export interface Reloadable {
  readonly place: Place;
  readonly manager: ServiceManager;
  readonly log: Log;
  /** What is wrong with the arguments of a successor; undefined where nothing is. */
  readonly check: (args: readonly string[]) => Promise<string | undefined>;
  /** Is called when nothing is left but to be called again; false where it is not to be, because it is to end. */
  readonly leave: () => boolean;
  /** What is in place, in one line. */
  readonly state: () => string;
}

/** Answers those who have called; does not return where it calls itself again. To be made when the program starts. */
export class Reloader {
  readonly #program = Program.own();
  readonly #uid = Deno.uid();

  async answer(daemon: Reloadable): Promise<void> {
    for (const asker of daemon.place.askers()) {
      using caller = asker;
      await this.#answer(caller, daemon);
    }
  }

  async #answer(caller: Connection, daemon: Reloadable): Promise<void> {
    const uid = caller.peer?.uid;
    if (uid !== 0 && uid !== this.#uid) {
      return void caller.writeLine(`only root, or user ${this.#uid}, may ask for it`);
    }
    // Most callers only want to know who is here, and have gone.
    const line = caller.readLine(LISTENS);
    if (line === undefined) return;
    const args = argumentsOf(line);
    const error = args ? await daemon.check(args) : "it was asked in words that are not understood";
    if (error) caller.writeLine(error.replaceAll(/\s*\n\s*/g, " "));
    else await this.#reload(args!, { caller, daemon });
  }

  async #reload(
    args: readonly string[],
    { caller, daemon }: { caller: Connection; daemon: Reloadable },
  ): Promise<void> {
    const { manager, log } = daemon;
    manager.reloading();
    caller.writeLine("");
    log.info(`reload: it goes on with ${args.join(" ") || "no options"}`);
    await log.flush();
    const protect = Program.exposeToSignals();
    await new Promise((resolve) => setTimeout(resolve, SIGNALS_ARE_TOLD));
    if (!daemon.leave()) {
      protect();
      return void caller.writeLine("it has been told to end");
    }
    const reason = this.#program?.become(args) ?? "it is not known how it was called";
    protect();
    log.error(`not reloaded: ${reason}: it goes on as it was`);
    manager.ready(daemon.state());
    caller.writeLine(reason);
  }
}

function argumentsOf(line: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return Array.isArray(value) && value.every((one) => typeof one === "string") ? value : undefined;
  } catch {
    return undefined;
  }
}
