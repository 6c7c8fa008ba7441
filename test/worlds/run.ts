// `deno task worlds [COUNT [FIRST]]`: random worlds on the real kernel, in namespaces of their own. SEED repeats a run,
// FIRST says which of its worlds to begin with; SHRINK says for how many seconds a failing one is reduced.

import { canIsolate, isolate } from "../lab/isolation.ts";
import { cacheDependencies, offline } from "../lab/offline.ts";
import { setup } from "../setup.ts";

await setup("test");
Deno.chdir(new URL("../..", import.meta.url).pathname);
await cacheDependencies(["src/main.ts", "test/worlds/main.ts"]);
if (!await canIsolate()) {
  console.error("no namespaces can be made here: there is nothing that the worlds could be made of");
  Deno.exit(1);
}
const args = ["run", "-A", "--no-prompt", "--cached-only", "test/worlds/main.ts"];
Deno.exit(await isolate([Deno.execPath(), ...args, ...Deno.args], await offline()));
