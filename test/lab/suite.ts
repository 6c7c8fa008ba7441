// `deno test` in namespaces of its own, where there is no network: what it needs has to be there before.

import { canIsolate, isolate } from "./isolation.ts";
import { cacheDependencies, deno, offline } from "./offline.ts";

/** Runs the tests that the arguments choose, and gives the exit status. */
export async function runSuite(args: string[]): Promise<number> {
  const command = await suite(args);
  if (await canIsolate()) return await isolate(command, await offline());
  console.error("no namespaces can be made here: the tests that need them are skipped");
  return (await deno(command.slice(1))).code;
}

/** Fetches what all tests import, and gives the command that runs those that the arguments choose. */
export async function suite(args: string[]): Promise<string[]> {
  Deno.chdir(new URL("../..", import.meta.url).pathname);
  await cacheDependencies(["src/main.ts", ...await testFiles()]);
  // They mostly wait.
  if (!Deno.env.has("DENO_JOBS")) Deno.env.set("DENO_JOBS", `${2 * navigator.hardwareConcurrency}`);
  return [Deno.execPath(), "test", "-A", "--no-prompt", "--cached-only", "--parallel", ...args];
}

async function testFiles(): Promise<string[]> {
  const found: string[] = [];
  const folders = ["test"];
  for (const folder of folders) {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) folders.push(`${folder}/${name}`);
      else if (name.endsWith("_test.ts")) found.push(`${folder}/${name}`);
    }
  }
  return found;
}
