/** `--install-unit` and `--uninstall-unit`: what was asked for, in the words of what does it. */

import { daemonError } from "../arguments.ts";
import type { Flags } from "../flags.ts";
import { EXIT, Failure } from "../status.ts";
import { installedProgram } from "./belongings.ts";
import { folderOf } from "./files.ts";
import { install } from "./install.ts";
import { requireSystemdsWorld, takeTurn } from "./turn.ts";
import { find, Place } from "./place.ts";
import { uninstall } from "./uninstall.ts";
import { valueError } from "./words.ts";

/** The options that are no service's; those with a value take the next word, unless it stands behind a `=`. */
const WORDS = ["install-unit", "uninstall-unit", "no-start", "keep-routes", "force"];
const VALUES = ["bindir", "root"];

/** Installs or removes the service. Throws Failure. */
export async function changeService(flags: Flags, args: readonly string[]): Promise<void> {
  const rest = serviceOptions(args);
  await check(rest, flags);
  const place = await placeOf(flags);
  const what = flags.installUnit ? "not installed" : "not removed";
  requireHost(what, flags);
  if (!place.isImage) requireSystemdsWorld(what);
  using _turn = takeTurn(what, place.root || "/");
  // The service's own user has to get to what is written.
  Deno.umask(0o022);
  const force = flags.force ?? false;
  if (flags.installUnit) await install(place, { options: rest, start: !flags.noStart, force });
  else await uninstall(place, { keepRoutes: flags.keepRoutes ?? false, force });
}

/** Unless told, the executable stays where our unit runs it. */
async function placeOf({ root, bindir }: Flags): Promise<Place> {
  const usual = new Place({ root, bindir: bindir ?? "/usr/local/bin" });
  const program = bindir === undefined ? installedProgram(await find(usual.unit)) : undefined;
  return program === undefined ? usual : new Place({ root, bindir: folderOf(program) });
}

/** The words of a command line that are the service's own. */
export function serviceOptions(args: readonly string[]): string[] {
  const rest: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const [, given, value] = /^--([a-z-]+)(=.*)?$/is.exec(args[index]) ?? [];
    const name = given?.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (WORDS.includes(name)) continue;
    if (!VALUES.includes(name)) rest.push(args[index]);
    else if (value === undefined) index++;
  }
  return rest;
}

async function check(options: readonly string[], { uninstallUnit }: Flags): Promise<void> {
  if (uninstallUnit && options.length > 0) {
    const why = "a service is removed with the options that it has";
    throw new Failure(EXIT.usage, options[0], why, "see --help");
  }
  for (const word of options) {
    const error = valueError(word);
    if (error) throw new Failure(EXIT.usage, JSON.stringify(word), `no service can be given it: ${error}`);
  }
  const error = await daemonError(options);
  if (error) throw new Failure(EXIT.usage, "no options of a service", error);
}

/** Whether it can be done here at all. Throws Failure, which begins with `what`. */
function requireHost(what: string, { installUnit, root }: Flags): void {
  if (!Deno.build.standalone) {
    const why = `only the compiled executable can ${installUnit ? "install" : "remove"} itself`;
    throw new Failure(EXIT.failed, what, why, "deno task compile");
  }
  if (root !== undefined) {
    if (isFolder(root || "/")) return;
    throw new Failure(EXIT.failed, what, `there is no folder ${root}`);
  }
  if (Deno.uid() !== 0) throw new Failure(EXIT.privilege, what, "only root may", "run it as root");
  // sd_booted(3)
  if (isFolder("/run/systemd/system")) return;
  const hint = installUnit ? "use --root for an image, or --once" : "use --root for an image, or --flush";
  throw new Failure(EXIT.failed, what, "systemd does not run here", hint);
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
