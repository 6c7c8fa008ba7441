/** Each thing that people should know is said once, and again when it is over. */

import type { Log } from "./log.ts";
import type { Note } from "./plan/note.ts";

/** A warning that comes and goes is told of again only after so long, in milliseconds. */
const QUIET = 60_000;

export class Notices {
  readonly #log: Log;
  readonly #warned = new Map<string, number>();
  #told: readonly Note[] = [];
  readonly #foreign = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Takes all notes of a plan: tells the new ones, and which conflicts are over. */
  tell(notes: readonly Note[]): void {
    const known = new Set(this.#told.map(({ text }) => text));
    const still = new Set(notes.map(({ text }) => text));
    for (const { kind, text } of notes) {
      if (known.has(text)) continue;
      if (kind === "conflict") this.#log.error(text);
      else if (kind === "warning") this.#warn(text);
      else this.#log.debug(text);
    }
    for (const { kind, text } of this.#told) {
      if (kind === "conflict" && !still.has(text)) this.#log.info(`no longer so: ${text}`);
    }
    this.#told = notes;
  }

  #warn(text: string): void {
    const now = performance.now();
    for (const [old, at] of this.#warned) if (now - at > QUIET) this.#warned.delete(old);
    if (this.#warned.has(text)) return;
    this.#warned.set(text, now);
    this.#log.warn(text);
  }

  /** A foreign route in a table of ours: there may be many, so of each table one is told of. */
  foreign(place: string, text: () => string): void {
    if (this.#foreign.has(place)) return;
    this.#foreign.add(place);
    this.#log.warn(`left as it is: not a route of ours: ${text()} (others of this table are not named)`);
  }
}
