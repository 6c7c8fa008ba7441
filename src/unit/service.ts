/** The daemon as a service: what is told of it, how it is called again, and how often it has failed. */

import type { Log } from "../log.ts";
import { count } from "../outcome.ts";
import { ServiceManager } from "./notify.ts";
import type { Place } from "../single.ts";
import { type Reloadable, Reloader } from "./reload.ts";
import { delayOf, Starts } from "./starts.ts";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** How often it is looked whether to go on waiting, in milliseconds. */
const LOOK = 50;

/** To be made when the program starts. */
export class Service implements Disposable {
  readonly manager = ServiceManager.of((name) => Deno.env.get(name));
  readonly #starts = Starts.note(Deno.env.get("RUNTIME_DIRECTORY"));
  readonly #reloader = new Reloader();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Waits where it has failed again and again; false where it was told to end meanwhile. */
  async mayStart(): Promise<boolean> {
    const { number } = this.#starts, delay = delayOf(number);
    if (delay === 0) return true;
    const text = `failed ${count(number - 1, "time")} in a row: starts in ${delay} s`;
    this.#log.warn(text);
    this.manager.tell(() => text);
    let isTold = false;
    const stop = () => isTold = true;
    for (const signal of SIGNALS) Deno.addSignalListener(signal, stop);
    for (const end = performance.now() + delay * 1000; !isTold && performance.now() < end;) {
      this.manager.goOn();
      await new Promise((resolve) => setTimeout(resolve, LOOK));
    }
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, stop);
    if (isTold) this.end();
    return !isTold;
  }

  /** It has the daemon's place. */
  begin(place: Place): void {
    this.#reloader.begin(place);
  }

  /** Everything is in place: `state` says what. */
  ready(state: string): void {
    this.manager.ready(state);
    this.#starts.well();
  }

  /** It ends because it was told to, or calls itself again: that is no failure. */
  end(): void {
    this.#starts.forget();
  }

  /** Answers those who have asked for a reload; does not return where that is done. */
  async answer(daemon: Omit<Reloadable, "manager" | "log">): Promise<void> {
    await this.#reloader.answer({ ...daemon, manager: this.manager, log: this.#log });
  }

  [Symbol.dispose](): void {
    this.manager[Symbol.dispose]();
    this.#starts[Symbol.dispose]();
  }
}
