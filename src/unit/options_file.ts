/** The file that keeps the options of the service. */

import { seal } from "./seal.ts";
import { OPTIONS_VARIABLE } from "./text.ts";
import { assignment, assignments, joinWords, splitWords } from "./words.ts";

/** The file's text for these arguments. */
export function optionsText(args: readonly string[]): Promise<string> {
  return seal(
    `# Options of the service, as on the command line: see symrouted(8). Then: systemctl reload-or-restart symrouted\n` +
      assignment(OPTIONS_VARIABLE, joinWords(args)),
  );
}

/** The arguments that systemd gives the service by such a file. */
export function optionsIn(text: string): string[] {
  return splitWords(assignments(text).get(OPTIONS_VARIABLE) ?? "");
}
