/**
 * `deno task release`: makes dist/ complete: the executables, their packages, a bill of materials, and the checksums of all of
 * it in SHA256SUMS, which is written last. The same input gives the same bytes.
 */

import { sha256 } from "../../src/unit/seal.ts";
import { VERSION } from "../../src/version.ts";
import { compile, executable, type Record } from "./compile.ts";
import { componentsOf } from "./components.ts";
import { releaseDate } from "./date.ts";
import { packagesFor } from "./package.ts";
import { ARCHITECTURES } from "./runtime.ts";
import { type Released, sbomText } from "./sbom.ts";
import { root, task } from "./tools.ts";

const dist = `${root}dist/`;

/** The files of a release that are not named after a machine. */
const BILL = "symrouted.cdx.json", SUMS = "SHA256SUMS";

/** What an earlier version's release may have left: its names hold its version. */
const PACKAGE = /^symrouted[-_].*\.(deb|rpm)(\.part)?$/;

/** One executable, with what was made of it. */
interface Made {
  readonly record: Record;
  readonly executable: string;
  readonly packages: readonly string[];
}

if (import.meta.main) await task("release", release);

/** Makes all of it; throws Unmakeable, and then there is no SHA256SUMS. */
export async function release(): Promise<void> {
  const date = releaseDate();
  for (const { name } of Deno.readDirSync(dist)) {
    if (name === SUMS || name === BILL || PACKAGE.test(name)) await Deno.remove(dist + name);
  }
  const records: Record[] = [];
  for (const architecture of ARCHITECTURES) records.push(await compile(architecture, { pinned: true }));
  // Compressing takes most of the time.
  const made: Made[] = await Promise.all(ARCHITECTURES.map(async (architecture, index) => ({
    record: records[index],
    executable: nameOf(executable(architecture)),
    packages: (await packagesFor(architecture)).map(nameOf),
  })));
  const { components, held } = await componentsOf(records);
  const files: Released[] = [];
  for (const { record, executable, packages } of made) {
    files.push({ name: executable, sha256: await sumOf(executable), components: held.get(record) });
    for (const name of packages) files.push({ name, sha256: await sumOf(name), holds: [executable] });
  }
  await Deno.writeTextFile(dist + BILL, await sbomText({ version: VERSION, date, files, components }));
  const sums = new Map(files.map(({ name, sha256 }) => [name, sha256]));
  for (const name of [BILL, ...made.map(({ executable }) => `${executable}.json`)]) {
    sums.set(name, await sumOf(name));
  }
  const text = [...sums].sort(([a], [b]) => a < b ? -1 : 1).map(([name, sum]) => `${sum}  ${name}\n`).join(
    "",
  );
  await Deno.writeTextFile(`${dist}${SUMS}.part`, text);
  await Deno.rename(`${dist}${SUMS}.part`, dist + SUMS);
  console.log(`${dist}${SUMS}:\n${text.trimEnd()}`);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The SHA-256 of a file in dist/, as it lies there. */
async function sumOf(name: string): Promise<string> {
  return await sha256(await Deno.readFile(dist + name));
}
