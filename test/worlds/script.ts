// What happens in one world, as data: the same script can be played again, and with some of its events left out.

/** Lines for `ip -batch`; `-4` or `-6` in front where the family has to be said. */
export type Lines = readonly string[];

/** What can be done to the program. */
export type Order = "start" | "kill" | "terminate" | "pause" | "resume" | "once";

export type Event =
  /** Others work on the host; PEER and OUTSIDE stand for the other ends' names and their namespace. */
  | { readonly on: "host"; readonly lines: Lines }
  /** The other ends of the cables; PEER as above. */
  | { readonly on: "outside"; readonly lines: Lines }
  /** Kernel settings of the host, below /proc/sys/net. */
  | { readonly on: "settings"; readonly settings: Readonly<Record<string, number>> }
  | { readonly on: "program"; readonly order: Order; readonly flags?: readonly string[] };

/** Events that follow each other without a rest, and the rest after them in milliseconds. */
export interface Burst {
  readonly events: readonly Event[];
  readonly rest: number;
}

export interface Script {
  /** What the host has before the program first runs. */
  readonly setup: readonly Event[];
  /** The options that the program is started with. */
  readonly flags: readonly string[];
  readonly bursts: readonly Burst[];
  /** Whether a daemon is there in the end; else `--once` has run last. */
  readonly stays: boolean;
  /** Whether in the end all of ours is taken away by `--flush`. */
  readonly flushed: boolean;
}

/** How a script reads in a report. */
export function scriptText({ setup, flags, bursts, stays, flushed }: Script): string {
  return [
    `symrouted ${flags.join(" ")}`,
    ...setup.map((event) => `  setup: ${eventText(event)}`),
    ...bursts.flatMap(({ events, rest }, i) => [
      ...events.map((event) => `  burst ${i + 1}: ${eventText(event)}`),
      `  rest ${rest} ms`,
    ]),
    `  in the end: ${stays ? "daemon" : "--once"}${flushed ? ", then --flush" : ""}`,
  ].join("\n");
}

function eventText(event: Event): string {
  switch (event.on) {
    case "program":
      return `program: ${event.order}${event.flags ? ` with ${event.flags.join(" ") || "no options"}` : ""}`;
    case "settings":
      return `settings: ${JSON.stringify(event.settings)}`;
    default:
      return `${event.on}: ${event.lines.join("; ")}`;
  }
}

/** How many events a script has after its setup. */
export function eventCount({ bursts }: Script): number {
  return bursts.reduce((sum, { events }) => sum + events.length, 0);
}
