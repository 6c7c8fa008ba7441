/**
 * What systemd is told of the service: sd_notify(3), sd_watchdog_enabled(3). Where no service manager asks for it
 * (`NOTIFY_SOCKET`, `WATCHDOG_USEC`) nothing is told, and nobody is woken up for it.
 */

import { DatagramSender, monotonicMicroseconds } from "../kernel/system.ts";
import { oneLine } from "../output.ts";

/** A status that changes more often is told of only so often, in milliseconds. */
const STATUS_INTERVAL = 500;
/** While it starts it asks for so much more time, so often, in milliseconds. */
const EXTENSION = 60_000, EXTENSION_INTERVAL = 10_000;
/** What could not be told is told again after so many milliseconds. */
const RETRY = 200;

/** Times are in milliseconds, on the clock of `performance.now()`. */
export class ServiceManager implements Disposable {
  readonly #sender?: DatagramSender;
  /** How often the watchdog is to be fed at least. */
  readonly #interval?: number;
  #fedAt = -Infinity;
  #extendedAt = -Infinity;
  #toldAt = -Infinity;
  #status = "";
  #isReady = false;
  /** A status that is due later. */
  #later?: () => string;
  /** What could not be told: nobody would know of it otherwise. */
  #owed?: string;

  private constructor(sender?: DatagramSender, interval?: number) {
    this.#sender = sender;
    this.#interval = interval;
  }

  /** The one that the environment names. */
  static of(variable: (name: string) => string | undefined): ServiceManager {
    const path = variable("NOTIFY_SOCKET");
    const sender = path ? DatagramSender.to(path) : undefined;
    return new ServiceManager(sender, sender && watchdogInterval(variable));
  }

  /** Tells that everything is in place, for the first time or after a reload. */
  ready(status: string): void {
    this.#isReady = true;
    this.#must(`READY=1\nSTATUS=${this.#status = oneLine(status)}`);
  }

  /** Tells that the configuration is being read again: until `ready`, from this process or its successor. */
  reloading(): void {
    this.#isReady = false;
    this.#must(`RELOADING=1\nMONOTONIC_USEC=${monotonicMicroseconds()}`);
  }

  stopping(): void {
    this.#later = undefined;
    this.#must("STOPPING=1");
  }

  /** Tells how it goes, if that is news: now, or soon where it has just been told. */
  tell(status: () => string, now = performance.now()): void {
    if (!this.#sender) return;
    this.#later = undefined;
    if (now - this.#toldAt < STATUS_INTERVAL) this.#later = status;
    else this.#tell(oneLine(status()), now);
  }

  #tell(status: string, now: number): void {
    if (status === this.#status) return;
    this.#toldAt = now;
    if (this.#sender?.send(`STATUS=${status}`)) this.#status = status;
    else this.#later = () => status;
  }

  /** To be called whenever it goes on: a watchdog is fed, a start that takes its time gets it, and what is due is told. */
  goOn(now = performance.now()): void {
    if (!this.#sender) return;
    if (this.#owed && this.#sender.send(this.#owed)) this.#owed = undefined;
    if (this.#later) this.tell(this.#later, now);
    if (this.#interval !== undefined && now - this.#fedAt >= this.#interval / 2) {
      const isFed = this.#sender.send("WATCHDOG=1");
      this.#fedAt = isFed ? now : now - this.#interval + RETRY;
    }
    if (!this.#isReady && now - this.#extendedAt >= EXTENSION_INTERVAL) {
      if (this.#sender.send(`EXTEND_TIMEOUT_USEC=${EXTENSION * 1000}`)) this.#extendedAt = now;
    }
  }

  /** In how many milliseconds `goOn` is to be called at the latest; undefined where it need not be. */
  dueIn(now = performance.now()): number | undefined {
    const due: number[] = [];
    if (this.#owed) due.push(now + RETRY);
    if (this.#later) due.push(this.#toldAt + STATUS_INTERVAL);
    if (this.#interval !== undefined) due.push(Math.max(this.#fedAt + this.#interval, now + 1));
    return due.length === 0 ? undefined : Math.max(1, Math.ceil(Math.min(...due) - now));
  }

  #must(text: string): void {
    if (this.#sender) this.#owed = this.#sender.send(text) ? undefined : text;
  }

  [Symbol.dispose](): void {
    this.#sender?.[Symbol.dispose]();
  }
}

/** Half of the time after which systemd takes a silent service for stuck, in milliseconds; undefined where it does not. */
function watchdogInterval(variable: (name: string) => string | undefined): number | undefined {
  const time = number(variable("WATCHDOG_USEC")), pid = variable("WATCHDOG_PID");
  return time && (pid === undefined || number(pid) === Deno.pid) ? time / 2000 : undefined;
}

function number(text = ""): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
