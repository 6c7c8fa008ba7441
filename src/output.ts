/** Standard output and standard error, whatever becomes of their readers. */

import { EXIT, Failure } from "./status.ts";

/** So many lines may wait for a reader; later ones are left out. */
const MOST_WAITING = 10_000;
/** How long the end of the program may be held up, in milliseconds. */
const PATIENCE = 1000;

/** Prints to standard output. A reader that has gone has seen enough; any other failure is one. */
export function print(text: string): void {
  let rest = new TextEncoder().encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return;
    throw new Failure(EXIT.failed, "standard output cannot be written", (error as Error).message);
  }
}

/** Prints what has been done: that holds also where it cannot be told. */
export function printDone(text: string): void {
  try {
    print(text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(error.status, error.what, error.why, "all else is done");
  }
}

/** Says a last line on standard error. */
export function complain(text: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  } catch {
    // There is nobody left to tell.
  }
}

export function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ");
}

/**
 * Writes lines in their order without holding anybody up. A log that cannot be written is no reason to stop routing, nor
 * is a reader that takes its time.
 */
export class LineWriter {
  readonly #stream: { write(bytes: Uint8Array): Promise<number> };
  #waiting: string[] = [];
  #writing?: Promise<void>;

  constructor(stream: { write(bytes: Uint8Array): Promise<number> }) {
    this.#stream = stream;
  }

  add(line: string): void {
    if (this.#waiting.length >= MOST_WAITING) return;
    this.#waiting.push(line);
    this.#writing ??= this.#write();
  }

  /** Waits until all has been written, but not for long. */
  async flush(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<void>((resolve) => timer = setTimeout(resolve, PATIENCE));
    await Promise.race([this.#writing, timeout]);
    clearTimeout(timer);
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      let rest = new TextEncoder().encode(this.#waiting.splice(0).join(""));
      try {
        while (rest.length > 0) rest = rest.subarray(await this.#stream.write(rest));
      } catch {
        // What could not be written is lost; what comes next may be luckier.
      }
    }
    this.#writing = undefined;
  }
}
