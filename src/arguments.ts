/** The command line: how its words are read, and what --help and --version say. */

import {
  type ArgumentScannerError,
  buildApplication,
  buildCommand,
  formatMessageForArgumentScannerError,
  run,
  text_en,
} from "@stricli/core";
import { actionsOf, contradiction, FLAGS, type Flags, misplaced, optionsOf } from "./flags.ts";
import { markText } from "./model/marks.ts";
import type { Options } from "./plan/options.ts";
import { versionText } from "./version.ts";
import { type Action, WORDS } from "./words.ts";

const DESCRIPTION = `\
Makes every reply leave by the interface that its request came in on. Without --once, --flush or --dry-run it stays
in the foreground and follows every change, until SIGTERM or SIGINT; rules and routes then stay in place.

EXAMPLES
  symrouted --dry-run                  what would be changed on this host?
  symrouted --once                     change it
  symrouted --exclude 'wg*'            change it, and keep it right, but for wg0, wg1, …
  symrouted --role em3=stub --once     em3 leads to one network, whatever its routes look like
  symrouted --reload --exclude em9     have the daemon that runs here go on with these options
  symrouted --flush                    take everything back

WORDS
${Object.entries(WORDS).map(([name, { brief }]) => `  symrouted ${name.padEnd(25)}  ${brief}`).join("\n")}

EXIT STATUS
  0 done · 1 failed · 2 bad usage · 3 --dry-run: something would change · 4 not privileged
  5 a library is missing · 6 every table, or a bit of --connmark's marks, is in use by others`;

/** What is asked for: something to do, something to print, or nothing that is understood. */
export type Request =
  | { readonly flags: Flags }
  | { readonly action: Action }
  | { readonly text: string }
  | { readonly error: string };

/** Reads a command line. */
export async function readArguments(args: readonly string[]): Promise<Request> {
  const said = { out: "", error: "" };
  let read: Flags | undefined, action: Action | undefined;
  const word = Object.hasOwn(WORDS, args[0] ?? "") ? args[0] : undefined;
  const command = word
    ? (await WORDS[word].load())((asked) => void (action = asked))
    : mainCommand((flags) => void (read = flags));
  const application = buildApplication(command, {
    name: word ? `symrouted ${word}` : "symrouted",
    versionInfo: { getCurrentVersion: () => Promise.resolve(versionText()) },
    scanner: { caseStyle: "allow-kebab-for-camel" },
    documentation: { caseStyle: "convert-camel-to-kebab", disableAnsiColor: true },
    localization: {
      text: {
        ...text_en,
        exceptionWhileParsingArguments: (error) => usageText(error as ArgumentScannerError),
      },
    },
  });
  const process = {
    stdout: { write: (text: string) => void (said.out += text) },
    stderr: { write: (text: string) => void (said.error += text) },
  };
  await run(application, word ? args.slice(1) : args, { process });
  if (said.error) return { error: said.error.trim() };
  if (action) return { action };
  if (!read) return { text: said.out };
  const [one, other] = actionsOf(read);
  if (other) return { error: `${one} and ${other} exclude each other (see --help)` };
  const wrong = misplaced(read) ?? contradiction(optionsOf(read));
  return wrong ? { error: `${wrong} (see --help)` } : { flags: read };
}

function mainCommand(read: (flags: Flags) => void) {
  return buildCommand<Flags>({
    docs: {
      brief: "Symmetric routing for hosts with several uplinks",
      fullDescription: DESCRIPTION,
      customUsage: ["[OPTION]…", "WORD"],
    },
    parameters: { flags: FLAGS },
    func: read,
  });
}

/** What is wrong with the options of a daemon; undefined where nothing is. */
export async function daemonError(args: readonly string[]): Promise<string | undefined> {
  const request = await readArguments(args);
  if ("error" in request) return request.error;
  const [action] = "flags" in request
    ? actionsOf(request.flags)
    : ["action" in request ? args[0] : "--help or --version"];
  return action && `${action}: no option of a daemon's`;
}

/** What is wrong with options that follow others under which rules and routes were written; undefined where nothing is. */
export async function successorError(
  args: readonly string[],
  before: readonly string[] | Options,
): Promise<string | undefined> {
  const error = await daemonError(args);
  if (error) return error;
  const old = "protocol" in before ? before : await optionsIn(before), next = await optionsIn(args);
  if (!old || !next) return undefined;
  // Nobody would take the old ones back, and they would bar every table.
  if (old.protocol !== next.protocol) {
    return `--protocol ${next.protocol}: rules and routes of protocol ${old.protocol} are in place ` +
      `(stop the daemon, --flush --protocol ${old.protocol}, start it)`;
  }
  if (!old.connmark || old.markMask === next.markMask) return undefined;
  const [mask, wanted] = [old.markMask, next.markMask].map(markText);
  return `--mark-mask ${wanted}: rules and marks in the mask ${mask} are in place ` +
    `(stop the daemon, --flush --mark-mask ${mask}, start it)`;
}

/** The options in a daemon's arguments; undefined where these are something else. */
export async function optionsIn(args: readonly string[]): Promise<Options | undefined> {
  const request = await readArguments(args);
  return "flags" in request ? optionsOf(request.flags) : undefined;
}

function usageText(error: ArgumentScannerError): string {
  const text = formatMessageForArgumentScannerError(error, {
    FlagNotFoundError: ({ input, corrections }) =>
      `--${input}: there is no such option${
        corrections.length ? `, only --${corrections.join(", --")}` : ""
      }`,
    AliasNotFoundError: ({ input }) => `-${input}: there is no such option`,
    ArgumentParseError: ({ externalFlagNameOrPlaceholder: name, exception }) =>
      `${/^[A-Z]/.test(name) ? name : `--${name}`}: ${
        exception instanceof Error ? exception.message : exception
      }`,
    EnumValidationError: ({ externalFlagName: name, input, values }) =>
      `--${name}: ${input} is none of ${values.join(", ")}`,
    UnexpectedPositionalError: ({ input }) => `${input}: no such word is known`,
    UnsatisfiedPositionalError: ({ placeholder }) => `${placeholder}: is missing`,
    UnsatisfiedFlagError: ({ externalFlagName: name }) => `--${name}: a value is missing`,
    UnexpectedFlagError: ({ externalFlagName: name }) => `--${name}: given more than once`,
  });
  return `${text} (see --help)`;
}
