/** Each thing that people should know is said once, and again when it is over. */

import type { Log } from "./log.ts";
import type { Note } from "./plan/note.ts";

export class Notices {
  readonly #log: Log;
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
      else if (kind === "warning") this.#log.warn(text);
      else this.#log.debug(text);
    }
    for (const { kind, text } of this.#told) {
      if (kind === "conflict" && !still.has(text)) this.#log.info(`no longer so: ${text}`);
    }
    this.#told = notes;
  }

  /** A foreign route in a table of ours: there may be many, so of each table one is told of. */
  foreign(place: string, text: () => string): void {
    if (this.#foreign.has(place)) return;
    this.#foreign.add(place);
    this.#log.warn(`left as it is: not a route of ours: ${text()} (others of this table are not named)`);
  }
}
