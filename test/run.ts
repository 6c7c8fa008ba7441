// `deno task test [ARGUMENTS]`: installs what the tests need, and runs `deno test` with the arguments in
// namespaces of its own.

import { canIsolate, isolate } from "./lab/isolation.ts";
import { cacheDependencies, deno, offline } from "./lab/offline.ts";
import { setup } from "./setup.ts";

await setup("test");
Deno.chdir(new URL("..", import.meta.url).pathname);
await cacheDependencies(["src/main.ts", ...await testFiles()]);
const args = ["test", "-A", "--no-prompt", "--cached-only", "--parallel", ...Deno.args];
if (await canIsolate()) Deno.exit(await isolate([Deno.execPath(), ...args], await offline()));
console.error("no namespaces can be made here: the tests that need them are skipped");
Deno.exit((await deno(args)).code);

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
