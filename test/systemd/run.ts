// `deno task test-systemd [ARGUMENTS]`: gets what machines with a systemd of their own need, and runs `deno test` over
// this folder with the arguments, in namespaces of its own.

import { compiledVariables, makeCompiled } from "../lab/compiled.ts";
import { runWithMachines } from "./suite.ts";

async function before(): Promise<Record<string, string>> {
  await makeCompiled();
  return compiledVariables();
}

Deno.exit(await runWithMachines({ folder: import.meta.dirname!, before }));
