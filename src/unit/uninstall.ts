/** `--uninstall-unit`: the service, its files, and what it has written into the kernel, gone. */

import { daemonError } from "../arguments.ts";
import { print } from "../output.ts";
import { EXIT, Failure } from "../status.ts";
import { FileChanges, reasonOf } from "./files.ts";
import { optionsIn } from "./options_file.ts";
import { find, type Found, lookAt, type Place } from "./place.ts";
import { service, systemctl } from "./systemd.ts";
import { UNIT } from "./text.ts";

export interface UninstallOptions {
  /** Whether rules and routes are to stay. */
  readonly keepRoutes: boolean;
  /** Whether to remove a unit that somebody else has written. */
  readonly force: boolean;
}

const EXECUTABLE = /^ExecStart=(\/\S+)/m;

/** Nothing is removed before it is known that all can be, and that rules and routes have gone. Throws Failure. */
export async function uninstall(place: Place, { keepRoutes, force }: UninstallOptions): Promise<void> {
  const [unit, options] = await Promise.all([find(place.unit), find(place.options)]);
  const files = await installed(place, { unit, options });
  await requireOurs(place, { unit, force });
  if (files.length === 0) return print("symrouted: nothing to do: it is not installed\n");
  const args = optionsIn(options.text ?? "");
  const error = keepRoutes || place.isImage ? undefined : await daemonError(args);
  if (error) throw refused(place.options, error, "mend it, or --keep-routes");
  const changes = new FileChanges();
  try {
    for (const path of files) await changes.remove(path);
    if (!place.isImage) await stop({ args, keepRoutes });
    await changes.commit();
    if (!place.isImage) await systemctl("daemon-reload");
  } catch (error) {
    await changes.undo();
    throw error;
  }
  await changes.finish();
  if (!place.isImage) await systemctl("reset-failed", UNIT).catch(() => {});
  const dropIns = await place.dropIns();
  const lines = [...files.map((path) => `removed ${path}`), ...dropIns ? [`left ${dropIns}`] : []];
  print(lines.map((line) => `symrouted: ${line}\n`).join(""));
}

function refused(path: string, why: string, hint: string): Failure {
  return new Failure(EXIT.failed, `not removed: ${path}`, why, hint);
}

/** Those of our files that there are: also what is left where somebody has removed a part. */
async function installed(
  place: Place,
  { unit, options }: { unit: Found; options: Found },
): Promise<string[]> {
  const program = EXECUTABLE.exec(unit.text ?? "")?.[1] ?? place.program;
  const paths = [place.wish, unit.path, options.path, `${place.root}${program}`];
  const found: string[] = [];
  for (const path of paths) {
    await place.requireWithin(path);
    if (await lookAt(path)) found.push(path);
  }
  return found;
}

async function requireOurs(place: Place, { unit, force }: { unit: Found; force: boolean }): Promise<void> {
  const packaged = await place.packaged();
  if (packaged && unit.standing === "none") {
    throw refused(packaged, "it came with a package", "remove that with the package manager");
  }
  if (unit.standing === "foreign" && !force) {
    throw refused(unit.path, "it is not symrouted's own", "--force removes it");
  }
}

/** Ends the service, and takes back what it has written, by the options that it had; else it goes on. */
async function stop({ args, keepRoutes }: { args: readonly string[]; keepRoutes: boolean }): Promise<void> {
  const { isActive } = await service();
  if (isActive) await systemctl("stop", UNIT);
  if (keepRoutes) return;
  const why = await flush(args);
  if (why === undefined) return;
  if (isActive) await systemctl("start", UNIT);
  throw new Failure(EXIT.failed, "not removed: rules and routes", why, "--keep-routes leaves them");
}

/** `--flush`, by this very executable; gives the reason where it fails. */
async function flush(args: readonly string[]): Promise<string | undefined> {
  try {
    const { success, stdout, stderr } = await new Deno.Command("/proc/self/exe", {
      args: ["--flush", ...args],
    })
      .output();
    if (success) return void print(new TextDecoder().decode(stdout));
    return new TextDecoder().decode(stderr).trim().split("\n").at(-1)?.replace(/^symrouted: /, "");
  } catch (error) {
    return reasonOf(error);
  }
}
