/** The command line: how it is read, how help is given, and how every failure becomes one line and an exit status. */

import {
  type ArgumentScannerError,
  buildApplication,
  buildCommand,
  formatMessageForArgumentScannerError,
  run,
  text_en,
} from "@stricli/core";
import { runCall } from "./commands.ts";
import { FLAGS, type Flags, optionsOf } from "./flags.ts";
import { ERRNO, MissingLibrary, NetlinkError } from "./kernel/errors.ts";
import { leadsToJournal, Log } from "./log.ts";
import { complain, oneLine, print } from "./output.ts";
import { EXIT, Failure } from "./status.ts";
import { versionText } from "./version.ts";

const DESCRIPTION = `\
Makes every reply leave by the interface that its request came in on. Without --once, --flush or --dry-run it stays
in the foreground and follows every change, until SIGTERM or SIGINT; rules and routes then stay in place.

EXAMPLES
  symrouted --dry-run                  what would be changed on this host?
  symrouted --once                     change it
  symrouted --exclude 'wg*'            change it, and keep it right, but for wg0, wg1, …
  symrouted --role em3=stub --once     em3 leads to one network, whatever its routes look like
  symrouted --flush                    take everything back

EXIT STATUS
  0 done · 1 failed · 2 bad usage · 3 --dry-run: something would change · 4 not privileged
  5 a library is missing · 6 no interface could be taken because every table is in use`;

/** Runs the program with its arguments; gives its exit status. */
export async function runCli(args: readonly string[]): Promise<number> {
  const said = { out: "", error: "" };
  let status: number | undefined;
  const command = buildCommand<Flags>({
    docs: {
      brief: "Symmetric routing for hosts with several uplinks",
      fullDescription: DESCRIPTION,
      customUsage: ["[OPTION]…"],
    },
    parameters: { flags: FLAGS },
    func: async (flags) => {
      status = await perform(flags);
    },
  });
  const application = buildApplication(command, {
    name: "symrouted",
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
  await run(application, args, { process });
  if (said.error) return fail(said.error.trim(), EXIT.usage);
  return status ?? told(() => print(said.out));
}

/** Does what ends the program, and gives the exit status. */
function told(action: () => void): number {
  try {
    action();
    return EXIT.done;
  } catch (error) {
    return fail(messageOf(error), statusOf(error));
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function perform(flags: Flags): Promise<number> {
  const { once = false, flush = false, dryRun = false, dump = false } = flags;
  if (once && flush) return fail("--once and --flush exclude each other (see --help)", EXIT.usage);
  const log = new Log(flags.logLevel ?? "info", { journal: leadsToJournal() });
  try {
    return await runCall({ once, flush, dryRun, dump, options: optionsOf(flags), log });
  } catch (error) {
    await log.flush();
    return fail(messageOf(error), statusOf(error));
  } finally {
    await log.flush();
  }
}

function statusOf(error: unknown): number {
  if (error instanceof Failure) return error.status;
  if (error instanceof MissingLibrary) return EXIT.library;
  if (error instanceof NetlinkError && error.code === ERRNO.EPERM) return EXIT.privilege;
  return EXIT.failed;
}

function fail(text: string, status: number): number {
  complain(`symrouted: ${oneLine(text)}`);
  return status;
}

function usageText(error: ArgumentScannerError): string {
  const text = formatMessageForArgumentScannerError(error, {
    FlagNotFoundError: ({ input, corrections }) =>
      `--${input}: there is no such option${
        corrections.length ? `, only --${corrections.join(", --")}` : ""
      }`,
    AliasNotFoundError: ({ input }) => `-${input}: there is no such option`,
    ArgumentParseError: ({ externalFlagNameOrPlaceholder: name, exception }) =>
      `--${name}: ${exception instanceof Error ? exception.message : exception}`,
    EnumValidationError: ({ externalFlagName: name, input, values }) =>
      `--${name}: ${input} is none of ${values.join(", ")}`,
    UnexpectedPositionalError: ({ input }) => `${input}: no such word is known`,
    UnsatisfiedFlagError: ({ externalFlagName: name }) => `--${name}: a value is missing`,
    UnexpectedFlagError: ({ externalFlagName: name }) => `--${name}: given more than once`,
  });
  return `${text} (see --help)`;
}
