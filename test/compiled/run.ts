// `deno task test-compiled [ARGUMENTS]`: compiles the program for this machine and for aarch64, and runs `deno test` over
// this folder, and each feature's end-to-end test with the compiled program, in namespaces of its own.

import { compiled, compiledVariables, made, makeCompiled, notCompiled } from "../lab/compiled.ts";
import { canIsolate, isolate } from "../lab/isolation.ts";
import { deno, offline } from "../lab/offline.ts";
import { suite } from "../lab/suite.ts";
import { prepare, setup } from "../setup.ts";
import { variables } from "./aarch64.ts";
import { FEATURES } from "./features.ts";

await setup("compiled");
Deno.chdir(new URL("../..", import.meta.url).pathname);
const folder = await Deno.makeTempDir({ prefix: "symrouted-compiled-" });
try {
  Deno.exitCode = await main();
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function main(): Promise<number> {
  await makeCompiled();
  const env = { ...compiledVariables(), ...notCompiled() ? {} : { SYMROUTED: compiled }, ...await aarch64() };
  const named = Deno.args.some((each) => each.endsWith(".ts"));
  // Without a compiled program they would be the source's tests.
  const features = notCompiled() ? [] : FEATURES;
  const command = await suite([...Deno.args, ...(named ? [] : ["test/compiled", ...features])]);
  if (await canIsolate()) return await isolate(command, { ...await offline(), ...env });
  console.error("no namespaces can be made here: the tests that need them are skipped");
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  return (await deno(command.slice(1))).code;
}

/** Makes the program, and a check of all that depends on the machine, for the other machine; what its tests are told. */
async function aarch64(): Promise<Record<string, string>> {
  const entry = "test/compiled/self_check.ts", output = `${folder}/self-check`;
  const reason = await prepare("aarch64") ?? await made("aarch64") ??
    await made("aarch64", { entry, output });
  return reason ? { [variables.reason]: reason } : { [variables.selfCheck]: output };
}
