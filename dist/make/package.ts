/** `deno task package`: makes a .deb and an .rpm of each executable, in dist/. The same input gives the same bytes. */

import { compile, executable } from "./compile.ts";
import { debFor } from "./deb.ts";
import { rpmFor } from "./rpm.ts";
import { type Architecture, ARCHITECTURES } from "./runtime.ts";
import { root, task } from "./tools.ts";

/** Packs the executable for that machine, which has been made; gives the paths of the packages. Throws Unmakeable. */
export async function packagesFor(architecture: Architecture): Promise<[deb: string, rpm: string]> {
  const what = { architecture, executable: executable(architecture), into: `${root}dist` };
  return await Promise.all([debFor(what), rpmFor(what)]);
}

if (import.meta.main) {
  await task("package", async () => {
    for (const architecture of ARCHITECTURES) {
      await compile(architecture, { pinned: true });
      for (const path of await packagesFor(architecture)) {
        console.log(`${path}: ${(await Deno.stat(path)).size} bytes`);
      }
    }
  });
}
