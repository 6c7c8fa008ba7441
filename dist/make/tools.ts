/** What the makers share: programs that have to succeed, files kept in the user's cache, checksums. */

import { sha256 } from "../../src/unit/seal.ts";

/** A reason not to go on that a person can act upon; it is printed as one line. */
export class Unmakeable extends Error {
  override readonly name = "Unmakeable";
}

/** The checkout, with a slash at its end. */
export const root = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** Does what a task is for; a reason not to is one line, and the exit status 1. */
export async function task(name: string, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof Unmakeable)) throw error;
    console.error(`${name}: ${error.message}`);
    Deno.exit(1);
  }
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
}

/** Runs a program to its end and gives what it printed; throws Unmakeable with its last words where it fails. */
export async function run(argv: readonly string[], { cwd, env }: CommandOptions = {}): Promise<string> {
  let output: Deno.CommandOutput;
  try {
    const [program, ...args] = argv;
    output = await new Deno.Command(program, { args, cwd, env, stdin: "null" }).output();
  } catch (error) {
    throw new Unmakeable(`${argv[0]} cannot be run: ${(error as Error).message}`);
  }
  const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (output.success) return stdout + stderr;
  const words = `${stdout}\n${stderr}`.split("\n").map((line) => line.trim()).filter(Boolean);
  const telling = words.find((line) => /error/i.test(line)) ?? words.at(-1) ?? `status ${output.code}`;
  throw new Unmakeable(`${argv.slice(0, 3).join(" ")} … failed: ${telling}`);
}

/** The file or folder of that name in the user's cache, which `make` makes at the path that it is given if need be. */
export async function cached(name: string, make: (path: string) => Promise<void>): Promise<string> {
  const folder = `${Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME")}/.cache`}/symrouted`;
  const path = `${folder}/${name}`;
  if (await exists(path)) return path;
  await Deno.mkdir(folder, { recursive: true });
  const part = await Deno.makeTempDir({ dir: folder, prefix: "part-" });
  try {
    await make(`${part}/made`);
    // Under its own name there is nothing but what is whole.
    await Deno.rename(`${part}/made`, path);
  } catch (error) {
    // Somebody else was faster.
    if (!await exists(path)) throw error;
  } finally {
    await Deno.remove(part, { recursive: true });
  }
  return path;
}

/** Throws Unmakeable where the bytes are not those that were meant. */
export async function verify(bytes: Uint8Array<ArrayBuffer>, { name, sha256: expected }: {
  name: string;
  sha256: string;
}): Promise<void> {
  const actual = await sha256(bytes);
  if (actual !== expected) throw new Unmakeable(`${name}: its SHA-256 is ${actual} and not ${expected}`);
}

/** A wheel of PyPI's, unpacked. pip itself verifies the checksum. */
export async function unpackWheel(
  requirement: string,
  { platform, sha256, into }: { platform: string; sha256: string; into: string },
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/requirements.txt`, `${requirement} --hash=sha256:${sha256}\n`);
    const pip = ["python3", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"];
    const what = [
      "--only-binary=:all:",
      "--platform",
      platform,
      "--require-hashes",
      "-r",
      "requirements.txt",
    ];
    await run([...pip, ...what, "--dest", "."], { cwd: folder });
    const wheel = [...Deno.readDirSync(folder)].find(({ name }) => name.endsWith(".whl"));
    if (!wheel) throw new Unmakeable(`pip has brought no wheel of ${requirement}`);
    await run(["python3", "-m", "zipfile", "-e", `${folder}/${wheel.name}`, into]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Whether a site of the world's has something. */
export async function isThere(url: string): Promise<boolean> {
  return await answer(url, { method: "HEAD", within: 10_000 }) !== undefined;
}

/** What a site of the world's has; undefined where it is out of reach. */
export async function fetched(url: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  return await answer(url, { method: "GET", within: 120_000 });
}

async function answer(
  url: string,
  { method, within }: { method: string; within: number },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const response = await fetch(url, { method, signal: AbortSignal.timeout(within) });
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    await response.body?.cancel();
  } catch {
    // No way there, or no time.
  }
  return undefined;
}

export async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Does something with a folder of its own, which is gone afterwards. */
export async function withFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "symrouted-make-" });
  try {
    return await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
