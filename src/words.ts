/** The words of the command line: what only asks. Each is a command of its own, loaded when it is called. */

import type { Command, CommandContext } from "@stricli/core";

/** Does what is asked for, and gives the exit status; throws what the program may. */
export type Action = () => number | Promise<number>;

export interface Word {
  readonly brief: string;
  /** What may follow it, where that can be told. */
  readonly values: readonly string[];
  /** Its command, which tells what is asked for. */
  load(): Promise<(ask: (action: Action) => void) => Command<CommandContext>>;
}

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = typeof SHELLS[number];

export const WORDS: Readonly<Record<string, Word>> = {
  completions: {
    brief: `print completions for a shell: ${SHELLS.join(", ")}`,
    values: SHELLS,
    load: async () => (await import("./completions/command.ts")).completionsCommand,
  },
};
