/** What is changed for marks beside routes and rules: in words, and as commands for a shell. */

import { shellWord } from "../model/text.ts";
import { type Noted, notesText } from "./reverse_paths.ts";
import { DELETE_COMMAND, differences, loadCommands } from "./ruleset.ts";

export type MarkChange =
  /** What reverse path filters were is noted, in the place of what was noted before. */
  | { readonly op: "note"; readonly notes: readonly Noted[] }
  /** Nothing is noted any more. */
  | { readonly op: "forget" }
  | { readonly op: "filter"; readonly setting: Noted }
  /** `listing`: the ruleset that is there. */
  | { readonly op: "load"; readonly text: string; readonly listing?: string }
  | { readonly op: "remove" };

/** For a line that tells what was done; undefined for what nobody needs to know. */
export function changeText(change: MarkChange): string | undefined {
  switch (change.op) {
    case "note":
    case "forget":
      return undefined;
    case "filter":
      return `rp_filter of ${shellWord(change.setting.name)} set to ${change.setting.value}`;
    case "load":
      return change.listing === undefined ? "ruleset loaded" : "ruleset changed";
    case "remove":
      return "ruleset removed";
  }
}

/** As a command that does the same; `path` is that of the notes. */
export function markCommand(change: MarkChange, path: string): string {
  const folder = path.replace(/\/[^/]*$/, "");
  switch (change.op) {
    case "note":
      return `mkdir -p ${folder} && cat > ${path} <<'EOF'\n${notesText(change.notes)}EOF`;
    case "forget":
      return `rm -f ${path}`;
    case "filter":
      return `echo ${change.setting.value} > ${
        shellWord(`/proc/sys/net/ipv4/conf/${change.setting.name}/rp_filter`)
      }`;
    case "load":
      return [
        ...(change.listing === undefined ? [] : differences(change.listing, change.text))
          .map((line) => `# ${line}`),
        `nft -f - <<'EOF'\n${loadCommands(change.text)}EOF`,
      ].join("\n");
    case "remove":
      return `nft ${DELETE_COMMAND}`;
  }
}
