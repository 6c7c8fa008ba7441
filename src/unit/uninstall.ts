/** `--uninstall-unit`: the service, its files, and what it has written into the kernel, gone. */

import { daemonError } from "../arguments.ts";
import { print, printDone } from "../output.ts";
import { EXIT, Failure } from "../status.ts";
import { belongings, refused } from "./belongings.ts";
import { eachOf } from "./files.ts";
import { optionsIn } from "./options_file.ts";
import { find, type Place } from "./place.ts";
import { forgetStarts } from "./starts.ts";
import { call, systemctl } from "./systemd.ts";
import { UNIT } from "./text.ts";
import { asAWhole } from "./whole.ts";

export interface UninstallOptions {
  /** Whether rules and routes are to stay. */
  readonly keepRoutes: boolean;
  /** Whether to remove also what somebody else has written. */
  readonly force: boolean;
}

/** Rules and routes go last, when all else has: nothing else can bring them back. Throws Failure. */
export async function uninstall(place: Place, { keepRoutes, force }: UninstallOptions): Promise<void> {
  const unit = await find(place.unit), options = await place.findOptions();
  const { ours, left } = await belongings(place, { unit, options, force });
  if (ours.length === 0) return print("symrouted: nothing to do: it is not installed\n");
  const args = optionsIn(options.text ?? ""), flushes = !keepRoutes && !place.isImage;
  const error = flushes ? await daemonError(args) : undefined;
  if (error) throw refused(place.options, error, "mend it, or --keep-routes");
  let flushed = "";
  const stuck = await asAWhole("not removed", place, async (change) => {
    for (const path of ours) await change.files.remove(path);
    await change.stop();
    await change.commit();
    await change.reload();
    if (flushes) flushed = await flush(args);
  });
  if (!place.isImage) await eachOf([() => systemctl(["reset-failed", UNIT]), forgetStarts]);
  const lines = [...ours.map((path) => `removed ${path}`), ...left.map((line) => `left ${line}`), ...stuck];
  printDone(flushed + lines.map((line) => `symrouted: ${line}\n`).join(""));
}

/** `--flush`, by this very executable, by the options that the service had; gives what it says. */
async function flush(args: readonly string[]): Promise<string> {
  const { success, out, error } = await call("/proc/self/exe", ["--flush", ...args]);
  if (success) return out;
  const why = error.trim().split("\n").at(-1)!.replace(/^symrouted: /, "") || "--flush has failed";
  throw new Failure(EXIT.failed, "not removed: rules and routes", why, "--keep-routes leaves them");
}
