/** Lines for people and for the journal, on standard error. */

/** Each with its syslog priority (sd-daemon(3)). */
const PRIORITY = { error: 3, warn: 4, info: 6, debug: 7 } as const;

export type Level = keyof typeof PRIORITY;
export const LEVELS = Object.keys(PRIORITY) as readonly Level[];

export class Log {
  readonly #lowest: number;
  readonly #prefix: (level: Level) => string;

  /** Tells everything down to `level`; with priorities for the journal where standard error leads there. */
  constructor(level: Level, { journal }: { journal: boolean }) {
    this.#lowest = PRIORITY[level];
    this.#prefix = (level) => journal ? `<${PRIORITY[level]}>` : "symrouted: ";
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
    if (this.tells(level)) writeAll(Deno.stderr, `${this.#prefix(level)}${oneLine(text)}\n`);
  }
}

/** Whether standard error is the stream that systemd says leads to the journal (systemd.exec(5), JOURNAL_STREAM). */
export function leadsToJournal(): boolean {
  const stream = Deno.env.get("JOURNAL_STREAM");
  if (!stream) return false;
  const { dev, ino } = Deno.statSync("/proc/self/fd/2");
  return stream === `${dev}:${ino}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ");
}

/** Writes all of `text`; a reader that has gone is none of our concern. */
export function writeAll(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let rest = new TextEncoder().encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
