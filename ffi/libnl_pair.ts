/**
 * libnl-3 and libnl-route-3, which have to be of one make: the system's where they are there and new enough, otherwise the
 * copies that the program brings along. Those are loaded from memory, so that they never lie on a disk where somebody could
 * put others in their place.
 */

import { LIBNL } from "./libnl.ts";
import { LIBNL_ROUTE } from "./libnl_route.ts";
import { type LibraryTable, MissingLibrary } from "./library.ts";
import { MemoryFile } from "./memory_file.ts";
import { quietly } from "./quiet.ts";

export const LIBNL_PACKAGES =
  "libnl-3-200 and libnl-route-3-200 on Debian and Ubuntu, libnl3 on Fedora and RHEL, " +
  "libnl on Arch, libnl3 on Alpine with glibc";

/** The oldest version that has all that is used, as `nl_ver_num` counts. */
const OLDEST = 3 << 8 | 5;

/** Where `deno task compile` puts the copies, for it to embed. */
const COPIES = new URL(`../dist/libnl/${Deno.build.arch}/`, import.meta.url);

type Symbols<T extends LibraryTable> = Deno.StaticForeignLibraryInterface<T["symbols"]>;

/** Both libraries, and where they are from. */
interface Pair {
  readonly libnl: Symbols<typeof LIBNL>;
  readonly route: Symbols<typeof LIBNL_ROUTE>;
  readonly origin: "system" | "embedded";
}

let opened: Pair | undefined;

/** libnl-3. Throws MissingLibrary. */
export function libnl(): Pair["libnl"] {
  return (opened ??= open()).libnl;
}

/** libnl-route-3. Throws MissingLibrary. */
export function libnlRoute(): Pair["route"] {
  return (opened ??= open()).route;
}

/** Which libnl is in use: its version, such as 3.7.0, and where it is from. Throws MissingLibrary. */
export function libnlInUse(): { version: string; origin: Pair["origin"] } {
  const { nl_ver_num, nl_ver_mic } = libnl();
  return { version: `${versionText(nl_ver_num)}.${nl_ver_mic}`, origin: opened!.origin };
}

function open(): Pair {
  try {
    return { ...openFrom((soname) => soname), origin: "system" };
  } catch (cause) {
    const files = copies();
    if (!files) throw new MissingLibrary(LIBNL.soname, LIBNL_PACKAGES, cause);
    return openCopies(files);
  }
}

/** The copies; undefined where the program has none, as when it runs from a checkout. */
function copies(): Uint8Array[] | undefined {
  try {
    return [LIBNL, LIBNL_ROUTE].map(({ soname }) => Deno.readFileSync(new URL(soname, COPIES)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function openCopies([core, route]: Uint8Array[]): Pair {
  try {
    using coreFile = new MemoryFile(LIBNL.soname, core);
    using routeFile = new MemoryFile(LIBNL_ROUTE.soname, route);
    const paths: Record<string, string> = {
      [LIBNL.soname]: coreFile.path,
      [LIBNL_ROUTE.soname]: routeFile.path,
    };
    return { ...openFrom((soname) => paths[soname]), origin: "embedded" };
  } catch (cause) {
    throw new MissingLibrary("the copy of libnl in this program", LIBNL_PACKAGES, cause);
  }
}

/**
 * Opens both, or leaves neither open: libnl-3 first, because libnl-route-3 takes the one that is loaded by that soname
 * already, wherever it came from.
 */
function openFrom(path: (soname: string) => string): Omit<Pair, "origin"> {
  const core = quietly(() => Deno.dlopen(path(LIBNL.soname), LIBNL.symbols));
  try {
    const { nl_ver_num } = core.symbols;
    if (nl_ver_num < OLDEST) {
      throw new Error(`its version is ${versionText(nl_ver_num)}, and ${versionText(OLDEST)} is needed`);
    }
    const route = quietly(() => Deno.dlopen(path(LIBNL_ROUTE.soname), LIBNL_ROUTE.symbols));
    return { libnl: core.symbols, route: route.symbols };
  } catch (error) {
    core.close();
    throw error;
  }
}

function versionText(number: number): string {
  return `${number >> 8}.${number & 0xff}`;
}
