/** Whether there is anything to do for marks, and what does it. */

import { ERRNO, MissingLibrary, NetlinkError } from "../kernel/errors.ts";
import { networkNamespace, readSmallFile } from "../kernel/system.ts";
import { Log } from "../log.ts";
import type { Options } from "../plan/options.ts";
import { runtimeFolder } from "../runtime_folder.ts";
import { EXIT, Failure } from "../status.ts";
import { Marker } from "./marker.ts";

/** Where the service's run-time directory is, for whoever is not the service. */
const FOLDER = "/run/symrouted";

/** The file that is there as long as marks are, of this network namespace: it says what reverse path filters were. */
export function notesPath(): string {
  return `${runtimeFolder(Deno.env.get("RUNTIME_DIRECTORY")) ?? FOLDER}/connmark.${networkNamespace()}`;
}

/**
 * What keeps the marks; or what ends them, where they were kept before, and where all is to be removed. Undefined where
 * there is nothing to keep or end. Throws MissingLibrary, NetlinkError, Failure.
 */
export function openMarker(
  { connmark, markMask }: Options,
  { flush, log }: { flush: boolean; log: Log },
): Marker | undefined {
  const notes = notesPath(), isLeft = isThere(notes);
  if (!connmark && !flush && !isLeft) return undefined;
  try {
    return new Marker({ mask: markMask, notes }, log);
  } catch (error) {
    if (connmark || isLeft) throw explained(error);
    // Who cannot make a table has made none.
    if (error instanceof MissingLibrary || error instanceof NetlinkError) return undefined;
    throw error;
  }
}

/** Throws what would keep a daemon with these options from keeping marks, or from ending them: as `openMarker`. */
export function requireMarker(options: Options): void {
  openMarker(options, { flush: false, log: Log.silent() })?.[Symbol.dispose]();
}

/** Who may not look may not write either: that is said elsewhere. */
function isThere(path: string): boolean {
  try {
    return readSmallFile(path) !== undefined;
  } catch (error) {
    if (error instanceof NetlinkError && error.code === ERRNO.EACCES) return false;
    throw error;
  }
}

function explained(error: unknown): unknown {
  if (!(error instanceof NetlinkError) || error.code === ERRNO.EPERM) return error;
  return new Failure(
    EXIT.failed,
    "connections cannot be marked",
    error.message,
    "--connmark needs nf_tables in the kernel",
  );
}
