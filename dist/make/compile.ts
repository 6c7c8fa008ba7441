/**
 * `deno task compile [--target TRIPLE]`: makes dist/symrouted, one executable with all that it needs, for this machine, or
 * dist/symrouted-ARCHITECTURE for another. The same input gives the same bytes.
 */

import { sha256 } from "../../src/unit/seal.ts";
import { VERSION } from "../../src/version.ts";
import { readCrates } from "./components.ts";
import { LIBNL_SOURCE, libnlFor } from "./libnl.ts";
import { type Architecture, ARCHITECTURES, deno, findRuntime, type Runtime, targetOf } from "./runtime.ts";
import { root, run, task, Unmakeable } from "./tools.ts";

/** What is in an executable, and what it was made of; beside it as `.json`. */
export interface Record {
  readonly target: string;
  readonly size: number;
  readonly sha256: string;
  /** Deno's slim runtime, and the version of the V8 in it; more of it where it was at hand as a file. */
  readonly runtime: {
    readonly version: string;
    readonly v8: string;
    readonly size?: number;
    readonly sha256?: string;
  };
  readonly libnl: { readonly version: string; readonly sourceSha256: string };
  /** Paths of what is embedded, with their sizes in bytes. */
  readonly embedded: readonly { readonly path: string; readonly size: number }[];
}

/** Every file has this time, so that the same input gives the same bytes. */
const EPOCH = new Date(0);

if (import.meta.main) await task("compile", async () => void await compile(architectureOf(Deno.args)));

/** Where the executable for that machine is put. */
export function executable(architecture: Architecture): string {
  return `${root}dist/symrouted${architecture === Deno.build.arch ? "" : `-${architecture}`}`;
}

/** What is made of what. */
export interface CompileOptions {
  /** The program's first module. */
  readonly entry?: string;
  readonly output?: string;
  /** Whether it is to be the same whatever Deno makes it. */
  readonly pinned?: boolean;
}

/** Makes the executable for that machine, and says what is in it. Throws Unmakeable. */
export async function compile(
  architecture: Architecture,
  { entry = "src/main.ts", output = executable(architecture), pinned }: CompileOptions = {},
): Promise<Record> {
  const runtime = await findRuntime(architecture, { pinned });
  console.log(`runtime: ${runtime.reason}`);
  const listed = readCrates().runtime;
  if (runtime.version !== listed) {
    console.log(`licences: Deno ${listed}'s are embedded, and Deno ${runtime.version} may differ in some`);
  }
  const stage = await Deno.makeTempDir({ prefix: "symrouted-compile-" });
  try {
    await fill(stage, { entry, architecture, runtime });
    const embedded = filesOf(stage);
    for (const { path } of embedded) await Deno.utime(`${stage}/${path}`, EPOCH, EPOCH);
    const made = `${output}.part`;
    const told = await deno(runtime, [
      ...[
        "compile",
        "--allow-all",
        "--no-prompt",
        "--no-check",
        "--no-config",
        "--no-lock",
        "--no-code-cache",
      ],
      // Memory that is both written and executed is refused by the service's hardening.
      ...["--v8-flags=--jitless", "--target", targetOf(architecture), "--include", "dist", "--output", made],
      "program/symrouted.js",
    ], stage);
    check(told, embedded);
    if (architecture === Deno.build.arch) await tryOut(made, runtime);
    await Deno.rename(made, output);
    const record = await recordOf(output, { architecture, runtime, embedded });
    await Deno.writeTextFile(`${output}.json`, `${JSON.stringify(record, undefined, 2)}\n`);
    report(output, record);
    return record;
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}

/** The program as one file, the two libraries, the licences: as they lie in a checkout, seen from src and ffi. */
async function fill(
  stage: string,
  { entry, architecture, runtime }: { entry: string; architecture: Architecture; runtime: Runtime },
): Promise<void> {
  for (const folder of ["program", `dist/libnl/${architecture}`]) {
    await Deno.mkdir(`${stage}/${folder}`, { recursive: true });
  }
  const libnl = await libnlFor(architecture);
  for (const { name } of Deno.readDirSync(libnl)) {
    await Deno.copyFile(`${libnl}/${name}`, `${stage}/dist/libnl/${architecture}/${name}`);
  }
  // In one file it starts in three quarters of the time. Made smaller it would start a little sooner still, but the bundler
  // then drops declarations by `using` that are used once, and with them the freeing of C objects.
  const bundle = `${stage}/program/symrouted.js`;
  await deno(runtime, ["bundle", "--output", bundle, entry], root);
  await Deno.writeTextFile(bundle, withoutPlaces(await Deno.readTextFile(bundle)));
  await Deno.mkdir(`${stage}/dist/licenses`);
  for (const { name } of Deno.readDirSync(`${root}dist/licenses`)) {
    await Deno.copyFile(`${root}dist/licenses/${name}`, `${stage}/dist/licenses/${name}`);
  }
}

/** What the bundler says of the places of npm's packages, seen from the checkout, would be another on another machine. */
function withoutPlaces(bundle: string): string {
  const text = bundle.replaceAll(/^(\s*(?:\/\/ |"))[^"\n]*?\/npm\/[^/"\n]+\//gm, "$1npm/");
  const place = /^\s*(?:\/\/ |")\.\.\/.*/m.exec(text);
  if (place) throw new Unmakeable(`the bundle tells where it was made: ${place[0].trim()}`);
  return text;
}

/** All files beneath a folder, by their paths in it, sorted. */
function filesOf(folder: string, within = ""): Record["embedded"] {
  return [...Deno.readDirSync(`${folder}/${within}`)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? filesOf(folder, `${within}${name}/`)
      : [{ path: `${within}${name}`, size: Deno.statSync(`${folder}/${within}${name}`).size }]
  ).sort((a, b) => a.path < b.path ? -1 : 1);
}

/** Throws where Deno says that it has embedded anything but what was laid out for it, or not all of that. */
function check(told: string, embedded: Record["embedded"]): void {
  const sizes = new Map<string, number>();
  for (const { path, size } of embedded) {
    const folder = path.split("/")[0];
    sizes.set(folder, (sizes.get(folder) ?? 0) + size);
  }
  const expected = [...sizes].map(([folder, size]) => `${folder}/* (${sizeText(size)})`).sort();
  const named = [...told.matchAll(/^[├└][─┬]+ (.*)$/gm)].map(([, line]) => line).sort();
  if (named.join() === expected.join()) return;
  throw new Unmakeable(`Deno has embedded ${named.join(", ") || "nothing"}, and not ${expected.join(", ")}`);
}

/** A runtime of another version than the Deno that has put the program behind it does not find it there. */
async function tryOut(path: string, { version }: Runtime): Promise<void> {
  try {
    const told = await run([path, "--version"]);
    if (!told.startsWith(`symrouted ${VERSION}\n`)) throw new Unmakeable(`it says ${told.split("\n")[0]}`);
  } catch (error) {
    await Deno.remove(path);
    const why = error instanceof Error ? error.message : error;
    throw new Unmakeable(`what was compiled does not run (is the runtime Deno ${version}'s?): ${why}`);
  }
}

/** As Deno writes it. */
function sizeText(bytes: number): string {
  const units = ["B", "KB", "MB"];
  const unit = bytes < 1024 ? 0 : bytes < 1024 ** 2 ? 1 : 2;
  return `${Number((bytes / 1024 ** unit).toFixed(2))}${units[unit]}`;
}

async function recordOf(
  path: string,
  { architecture, runtime, embedded }: {
    architecture: Architecture;
    runtime: Runtime;
    embedded: Record["embedded"];
  },
): Promise<Record> {
  const bytes = await Deno.readFile(path);
  const denort = runtime.denort === undefined ? undefined : await Deno.readFile(runtime.denort);
  return {
    target: targetOf(architecture),
    size: bytes.length,
    sha256: await sha256(bytes),
    runtime: {
      version: runtime.version,
      v8: await engineOf(runtime),
      size: denort?.length,
      sha256: denort && await sha256(denort),
    },
    libnl: { version: LIBNL_SOURCE.version, sourceSha256: LIBNL_SOURCE.sha256 },
    embedded,
  };
}

/** As the Deno of the same version tells it. */
async function engineOf(runtime: Runtime): Promise<string> {
  const [, version] = /^v8 (\S+)$/m.exec(await deno(runtime, ["--version"], root)) ?? [];
  if (!version) throw new Unmakeable(`Deno ${runtime.version} does not tell the version of its V8`);
  return version;
}

function report(path: string, { size, sha256, runtime, embedded }: Record): void {
  for (const one of embedded) console.log(`  ${one.path}  ${one.size}`);
  const own = runtime.size === undefined ? "" : `, of them ${runtime.size} Deno ${runtime.version}'s runtime`;
  console.log(`${path}: ${size} bytes${own}\nsha256 ${sha256}`);
}

function architectureOf(args: readonly string[]): Architecture {
  if (args.length === 0) return Deno.build.arch as Architecture;
  const found = ARCHITECTURES.find((one) =>
    args.length === 2 && args[0] === "--target" && args[1] === targetOf(one)
  );
  if (found) return found;
  throw new Unmakeable(
    `${args.join(" ")}: only --target ${ARCHITECTURES.map(targetOf).join(" and --target ")} are known`,
  );
}
