/** `symrouted completions SHELL`. */

import { buildCommand } from "@stricli/core";
import { print } from "../output.ts";
import { EXIT } from "../status.ts";
import { type Action, type Shell, SHELLS, WORDS } from "../words.ts";
import { bash } from "./bash.ts";
import { fish } from "./fish.ts";
import { type Grammar, grammar } from "./grammar.ts";
import { zsh } from "./zsh.ts";

const scripts: Record<Shell, (grammar: Grammar) => string> = { bash, zsh, fish };

/** The completions of this program for a shell, as a script of that shell. */
export function completions(shell: Shell): string {
  return scripts[shell](grammar());
}

export function completionsCommand(ask: (action: Action) => void) {
  return buildCommand({
    docs: { brief: WORDS.completions.brief, customUsage: [SHELLS.join("|")] },
    parameters: {
      positional: {
        kind: "tuple",
        parameters: [{ brief: SHELLS.join(", "), parse: parseShell, placeholder: "SHELL" }],
      },
    },
    func: (_: unknown, shell: Shell) =>
      ask(() => {
        print(completions(shell));
        return EXIT.done;
      }),
  });
}

function parseShell(text: string): Shell {
  const shell = SHELLS.find((one) => one === text);
  if (!shell) throw new SyntaxError(`${text || "nothing"} is none of ${SHELLS.join(", ")}`);
  return shell;
}
