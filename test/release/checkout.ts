// Copies of this checkout in which releases are made, and how those that run the tests tell them where they are.

import { root } from "../../dist/make/tools.ts";

/** Two folders with a release each, one blank between them; or why there are none. */
export const variables = { releases: "SYMROUTED_TEST_RELEASES", reason: "SYMROUTED_TEST_NO_RELEASE" };

/** What is committed, as far as it is at the top or in dist/: nothing that was made goes into a copy. */
const NOT_COPIED = [".git", "node_modules"];
const COMMITTED_FILES = ["symrouted.8"];

/** Copies all that a release is made of. */
export async function copyCheckout(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/dist`, { recursive: true });
  for (const { name } of Deno.readDirSync(root)) {
    if (name !== "dist" && !NOT_COPIED.includes(name)) await copy(name, folder);
  }
  for (const { name, isDirectory } of Deno.readDirSync(`${root}dist`)) {
    if (isDirectory || COMMITTED_FILES.includes(name)) await copy(`dist/${name}`, folder);
  }
}

async function copy(path: string, folder: string): Promise<void> {
  const { success } = await new Deno.Command("cp", { args: ["-r", root + path, `${folder}/${path}`] })
    .output();
  if (!success) throw new Error(`${path} cannot be copied to ${folder}`);
}

/** The names of what was made in a copy. */
export function madeIn(folder: string): string[] {
  return [...Deno.readDirSync(`${folder}/dist`)].filter(({ isFile }) => isFile).map(({ name }) => name)
    .filter((name) => !COMMITTED_FILES.includes(name)).sort();
}

/** Makes a release in a copy, by a shell's words in front of the command. */
export async function makeRelease(
  folder: string,
  { before = "", env = {} }: { before?: string; env?: Record<string, string> } = {},
): Promise<{ code: number; stderr: string }> {
  const script = `${before}\nexec "$0" run -A "$1/dist/make/release.ts"`;
  const args = ["-euc", script, Deno.execPath(), folder];
  const { code, stderr } = await new Deno.Command("sh", { args, env, cwd: "/", stdin: "null" }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}
