// The packages, for the tests that install them. Where they cannot be made the tests are skipped, with the reason.

import { compile, executable } from "../../dist/make/compile.ts";
import { debFor } from "../../dist/make/deb.ts";
import { packagesFor } from "../../dist/make/package.ts";
import { rpmFor } from "../../dist/make/rpm.ts";
import { type Architecture, ARCHITECTURES } from "../../dist/make/runtime.ts";
import { root, Unmakeable } from "../../dist/make/tools.ts";
import { prepare } from "../setup.ts";

/** Says why there are none, and where they are. */
const REASON = "SYMROUTED_TEST_NO_PACKAGES", MADE = "SYMROUTED_TEST_PACKAGES";

/** The packages of this machine's executable, and those of the next release, by their paths. */
export interface Packages {
  readonly all: Record<Architecture, readonly [deb: string, rpm: string]>;
  readonly next: readonly [deb: string, rpm: string];
}

/** Makes them; gives the variables that tell the tests of them. */
export async function makePackages(): Promise<Record<string, string>> {
  const missing = await prepare("package");
  if (missing) return { [REASON]: missing };
  try {
    return { [MADE]: JSON.stringify(await packages()) };
  } catch (error) {
    if (!(error instanceof Unmakeable)) throw error;
    return { [REASON]: error.message };
  }
}

async function packages(): Promise<Packages> {
  for (const architecture of ARCHITECTURES) await compile(architecture, { pinned: true });
  const own = Deno.build.arch as Architecture, into = `${root}dist/next`;
  await Deno.mkdir(into, { recursive: true });
  const next = { architecture: own, executable: executable(own), into, release: "2" };
  const [x86_64, aarch64] = await Promise.all(ARCHITECTURES.map(packagesFor));
  return { all: { x86_64, aarch64 }, next: [await debFor(next), await rpmFor(next)] };
}

/** Why the tests of the packages are skipped; undefined where they are not. */
export function notPackaged(): string | undefined {
  if (Deno.env.has(MADE)) return undefined;
  return Deno.env.get(REASON) ?? "`deno task test-packages` makes the packages";
}

/** Where there are packages: which. */
export function madePackages(): Packages {
  return JSON.parse(Deno.env.get(MADE)!);
}

/** Those for this machine. */
export function own(): readonly [deb: string, rpm: string] {
  return madePackages().all[Deno.build.arch as Architecture];
}

/** A path of this checkout, as a machine sees it. */
export function inMachine(path: string): string {
  return path.replace(root, "/opt/symrouted/");
}
