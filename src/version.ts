/** What the program is, and what it runs on. */

import { MissingLibrary } from "./kernel/errors.ts";
import { libnlInUse } from "./kernel/libnl.ts";

/** The release. */
export const VERSION = "2.0.0-dev";

/** Whose libnl it is, in words. */
const OWNERS = { system: "the system's", embedded: "the copy in this program" };

/** What `--version` prints, line by line: the release, libnl, Deno. */
export function versionText(): string {
  return [`symrouted ${VERSION}`, libnlText(), `Deno ${Deno.version.deno}, ${Deno.build.arch}`].join("\n");
}

function libnlText(): string {
  try {
    const { version, origin } = libnlInUse();
    return `libnl ${version}, ${OWNERS[origin]}`;
  } catch (error) {
    if (error instanceof MissingLibrary) return error.message;
    throw error;
  }
}
