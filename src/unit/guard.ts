/** The signals that would end the program amid a change that must not be left half made. */

import { EXIT, Failure } from "../status.ts";

/** Those by which somebody wants it to end: what has been done is taken back. */
const ENDING = ["SIGINT", "SIGTERM"] as const;

/** The terminal has gone, as with a connection that the routes of this host lead: nobody wants anything else for that. */
const HANGUP = "SIGHUP";

/** From when it is made until it is disposed of no such signal ends the program. */
export class Guard implements Disposable {
  readonly #controller = new AbortController();
  readonly #listeners = ENDING.map((name) => [name, () => this.#controller.abort(name)] as const);

  constructor() {
    for (const [name, listener] of this.#listeners) Deno.addSignalListener(name, listener);
    Deno.addSignalListener(HANGUP, ignore);
  }

  /** Aborted when it is told to end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What there is to tell, beginning with `what`, where it has been told to end. */
  interruption(what: string): Failure | undefined {
    if (!this.signal.aborted) return undefined;
    return new Failure(EXIT.failed, what, `interrupted by ${this.signal.reason}`);
  }

  [Symbol.dispose](): void {
    for (const [name, listener] of this.#listeners) Deno.removeSignalListener(name, listener);
    Deno.removeSignalListener(HANGUP, ignore);
  }
}

function ignore(): void {}
