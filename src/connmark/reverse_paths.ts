/**
 * Reverse path filters (rp_filter in ip-sysctl) and marks. A strict filter asks by which interface a packet's sender would
 * be answered, and does not know of marks: it would drop the requests whose replies these are for. So it is loosened, on
 * the uplinks alone, and what it was is noted.
 */

/** The filter of one interface: 0 off, 1 strict, 2 loose. The greater of its own and that of `all` holds. */
export interface ReversePath {
  readonly ifindex: number;
  readonly name: string;
  readonly own: number;
  readonly all: number;
}

/** What the filter of an interface was before it was loosened. */
export interface Noted {
  readonly ifindex: number;
  readonly name: string;
  readonly value: number;
}

/** What is to be set, and what is to be noted before and after that: so that nothing is lost in between. */
export interface Loosening {
  readonly before: readonly Noted[];
  readonly settings: readonly Noted[];
  readonly after: readonly Noted[];
}

const STRICT = 1, LOOSE = 2;

/** `found`: the filters of all interfaces that are there and wanted or noted; `wanted`: the ifindexes of uplinks. */
export function loosen(
  found: readonly ReversePath[],
  { wanted, notes }: { wanted: ReadonlySet<number>; notes: readonly Noted[] },
): Loosening {
  const noted = new Map(notes.map((note) => [note.ifindex, note]));
  const kept: Noted[] = [], ending: Noted[] = [], settings: Noted[] = [];
  for (const { ifindex, name, own, all } of found) {
    const note = noted.get(ifindex);
    if (wanted.has(ifindex)) {
      const isStrict = Math.max(own, all) === STRICT;
      // Who has set it anew meanwhile wants that back.
      if (isStrict) kept.push({ ifindex, name, value: own });
      else if (note && own === LOOSE) kept.push({ ...note, name });
      if (isStrict) settings.push({ ifindex, name, value: LOOSE });
    } else if (note && own === LOOSE) {
      ending.push({ ...note, name });
      settings.push({ ...note, name });
    }
  }
  return { before: [...kept, ...ending], settings, after: kept };
}

/** One line for each, in the form of `ip -o link`: `2: em1 1`. */
export function notesText(notes: readonly Noted[]): string {
  return notes.map(({ ifindex, name, value }) => `${ifindex}: ${name} ${value}\n`).join("");
}

/** Throws where it is no such text. */
export function parseNotes(text: string): Noted[] {
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const [, ifindex, name, value] = /^(\d+): (\S+) ([01])$/.exec(line) ?? [];
    if (name === undefined) throw new SyntaxError(`"${line}" is no note of a reverse path filter`);
    return { ifindex: Number(ifindex), name, value: Number(value) };
  });
}
