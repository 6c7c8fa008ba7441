/** How often the service has failed in a row: a first failure is made good at once, later ones ever more slowly. */

import { monotonicMicroseconds } from "../kernel/system.ts";
import { runtimeFolder } from "../runtime_folder.ts";

/** Seconds; who has been well for so long has not failed again but anew. */
const LONGEST_DELAY = 60, WELL = 60;

/** The file in the service's run-time directory, and how long its only line is. */
const FILE = "starts", LINE_BYTES = 32;

/** How many seconds the n-th start in a row has to wait: 0, 0, 1, 2, 4 … 60. */
export function delayOf(start: number): number {
  return start < 3 ? 0 : Math.min(2 ** (start - 3), LONGEST_DELAY);
}

/** Which start in a row this is, by what the last one has noted: its number, and since when it was well. `now` in µs. */
export function nextStart(noted: string, now: number): number {
  const [, last, since] = /^(\d{1,6}) (\d{1,15}|-) *\n$/.exec(noted) ?? [];
  const wasWell = since !== undefined && since !== "-" && now - Number(since) >= WELL * 1e6;
  return last === undefined || wasWell ? 1 : Number(last) + 1;
}

/** The note that outlives a failed service. Where it cannot be kept every start is the first one. */
export class Starts implements Disposable {
  readonly #file?: Deno.FsFile;
  readonly number: number;

  private constructor(file?: Deno.FsFile) {
    this.#file = file;
    this.number = nextStart(file ? read(file) : "", monotonicMicroseconds());
    this.#write(this.number);
  }

  /** Notes a start, in the first of the directories that systemd made for the service (RUNTIME_DIRECTORY). */
  static note(directories: string | undefined): Starts {
    const folder = runtimeFolder(directories);
    try {
      const path = `${folder}/${FILE}`;
      return new Starts(folder ? Deno.openSync(path, { read: true, write: true, create: true }) : undefined);
    } catch {
      return new Starts();
    }
  }

  /** From now on it is well. */
  well(): void {
    this.#write(this.number, monotonicMicroseconds());
  }

  /** The next start follows no failure. */
  forget(): void {
    this.#write(0);
  }

  [Symbol.dispose](): void {
    this.#file?.close();
  }

  #write(number: number, since?: number): void {
    const line = `${number} ${since ?? "-"}`.padEnd(LINE_BYTES - 1) + "\n";
    try {
      this.#file?.seekSync(0, Deno.SeekMode.Start);
      this.#file?.writeSync(new TextEncoder().encode(line));
    } catch {
      // A full disk is no reason to stop routing.
    }
  }
}

/** The service's run-time directory, by systemd's name for it (RuntimeDirectory= of systemd.exec(5)). */
const FOLDER = "/run/symrouted";

/** Takes away what a service has left that is gone, and its run-time directory, unless that has notes of --connmark's. */
export async function forgetStarts(): Promise<void> {
  try {
    const folder = await Deno.realPath(FOLDER);
    await Deno.remove(`${folder}/${FILE}`).catch(() => {});
    await Deno.remove(folder);
    // That of a user of systemd's own is elsewhere, and this was a link to it.
    await Deno.remove(FOLDER);
  } catch {
    // It is not there, or has more in it.
  }
}

function read(file: Deno.FsFile): string {
  const bytes = new Uint8Array(LINE_BYTES);
  return new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0));
}
