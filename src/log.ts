/** Lines for people and for the journal, on standard error. */

import { LineWriter, oneLine } from "./output.ts";

/** Each with its syslog priority (sd-daemon(3)). */
const PRIORITY = { error: 3, warn: 4, info: 6, debug: 7 } as const;

export type Level = keyof typeof PRIORITY;
export const LEVELS = Object.keys(PRIORITY) as readonly Level[];

export class Log {
  readonly #lines = new LineWriter(Deno.stderr);
  readonly #lowest: number;
  readonly #prefix: (level: Level) => string;

  /** Tells everything down to `level`; with priorities for the journal where standard error leads there. */
  constructor(level: Level | "none", { journal }: { journal: boolean }) {
    this.#lowest = level === "none" ? -1 : PRIORITY[level];
    this.#prefix = (level) => journal ? `<${PRIORITY[level]}>` : "symrouted: ";
  }

  /** One that tells nothing. */
  static silent(): Log {
    return new Log("none", { journal: false });
  }

  /** Whether lines of that level are told: to save the making of many. */
  tells(level: Level): boolean {
    return PRIORITY[level] <= this.#lowest;
  }

  error(text: string): void {
    this.#write("error", text);
  }

  warn(text: string): void {
    this.#write("warn", text);
  }

  info(text: string): void {
    this.#write("info", text);
  }

  debug(text: string): void {
    this.#write("debug", text);
  }

  #write(level: Level, text: string): void {
    if (this.tells(level)) this.#lines.add(`${this.#prefix(level)}${oneLine(text)}\n`);
  }

  /** Waits until all has been written, but not for long. */
  flush(): Promise<void> {
    return this.#lines.flush();
  }
}

/** Whether standard error is the stream that systemd says leads to the journal (systemd.exec(5), JOURNAL_STREAM). */
export function leadsToJournal(): boolean {
  const stream = Deno.env.get("JOURNAL_STREAM");
  if (!stream) return false;
  const { dev, ino } = Deno.statSync("/proc/self/fd/2");
  return stream === `${dev}:${ino}`;
}
