/**
 * A daemon that goes on with other options: it is asked to by its port, and calls itself again in its own place. Its
 * process number, its place, its rules and its routes stay. Who may not change routes cannot ask: the kernel refuses it.
 */

import { ERRNO, NetlinkError } from "../kernel/errors.ts";
import { markedPorts, type Message, Port } from "../kernel/claim.ts";
import { requireMarker } from "../connmark/open.ts";
import type { Log } from "../log.ts";
import { print } from "../output.ts";
import type { Options } from "../plan/options.ts";
import { findDaemon, type Place } from "../single.ts";
import { EXIT, Failure, requireNetAdmin } from "../status.ts";
import type { ServiceManager } from "./notify.ts";
import { Program } from "./program.ts";

/** How long the daemon may take to answer, and its successor to begin, in milliseconds; it may be in the middle of many routes. */
const ANSWERS = 60_000, BEGINS = 20_000;
/** So often it is looked whether it still lives. */
const LOOK = 200;
/** The kernel's list of sockets may miss one while others come and go: who is missing so often in a row has ended. */
const LOOKS = 5;
/** By then a signal that came before has been told of. */
const SIGNALS_ARE_TOLD = 20;

/** What who has asked is told, each by itself: why not, or that it will be; and then by which process it has been. */
interface Answer {
  readonly refused?: string;
  readonly taken?: true;
  readonly process?: number;
}

/** Asks the daemon of this network namespace to go on with these arguments, and waits until it does. */
export async function askToReload(args: readonly string[], options: Options): Promise<void> {
  requireNetAdmin();
  const daemon = findDaemon();
  if (!daemon) throw refused("no symrouted runs in this network namespace", "start it");
  // A daemon has given up its permission to open libraries, and its successor would end without this one.
  requireMarker(options);
  using port = Port.open();
  try {
    port.tell(daemon.number, JSON.stringify(args));
  } catch (error) {
    if (!(error instanceof NetlinkError) || error.code === ERRNO.EPERM) throw error;
    throw refused(error.code === ERRNO.EMSGSIZE ? "the options are too long" : error.reason);
  }
  for (let end = performance.now() + ANSWERS, missed = 0;;) {
    const heard = port.hear(LOOK);
    const answer = heard?.from === daemon.number ? answerIn(heard) : undefined;
    if (answer?.refused !== undefined) throw refused(answer.refused);
    if (answer?.process !== undefined) {
      return print(`symrouted: reloaded: process ${answer.process} goes on with its new options\n`);
    }
    if (answer?.taken) end = performance.now() + BEGINS;
    const isThere = answer !== undefined || markedPorts().some((one) => one.number === daemon.number);
    missed = isThere ? 0 : missed + 1;
    if (missed === LOOKS) {
      throw refused("the daemon has ended");
    }
    if (performance.now() > end) throw refused("the daemon does not answer");
    // Signals have their turn.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function answerIn({ text }: Message): Answer | undefined {
  return JSON.parse(text);
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

/** Answers those who have asked; does not return where it calls itself again. To be made when the program starts. */
export class Reloader {
  readonly #program = Program.own();

  /** Tells who has asked for this program, if anybody has, that it goes on. */
  begin({ port, asker }: Place): void {
    if (asker !== undefined) tell(port, { to: asker, answer: { process: Deno.pid } });
  }

  async answer(daemon: Reloadable): Promise<void> {
    const { port } = daemon.place;
    for (let heard; (heard = port.hear());) {
      const args = argumentsOf(heard.text);
      const error = args ? await daemon.check(args) : "it was asked in words that are not understood";
      if (error) tell(port, { to: heard.from, answer: { refused: error.replaceAll(/\s*\n\s*/g, " ") } });
      else await this.#reload(args!, { asker: heard.from, daemon });
    }
  }

  async #reload(
    args: readonly string[],
    { asker, daemon }: { asker: number; daemon: Reloadable },
  ): Promise<void> {
    const { manager, log, place } = daemon;
    manager.reloading();
    tell(place.port, { to: asker, answer: { taken: true } });
    log.info(`reload: it goes on with ${args.join(" ") || "no options"}`);
    await log.flush();
    const protect = Program.exposeToSignals();
    await new Promise((resolve) => setTimeout(resolve, SIGNALS_ARE_TOLD));
    if (!daemon.leave()) {
      protect();
      return tell(place.port, { to: asker, answer: { refused: "it has been told to end" } });
    }
    const stay = place.leave(asker);
    const reason = this.#program?.become(args) ?? "it is not known how it was called";
    stay();
    protect();
    log.error(`not reloaded: ${reason}: it goes on as it was`);
    manager.ready(daemon.state());
    tell(place.port, { to: asker, answer: { refused: reason } });
  }
}

/** Who has asked may have gone, or have no room: the daemon goes on all the same. */
function tell(port: Port, { to, answer }: { to: number; answer: Answer }): void {
  try {
    port.tell(to, JSON.stringify(answer));
  } catch (error) {
    if (!(error instanceof NetlinkError)) throw error;
  }
}

function argumentsOf(text: string): string[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((one) => typeof one === "string") ? value : undefined;
  } catch {
    return undefined;
  }
}
