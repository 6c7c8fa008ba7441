// The program with one more ear: on SIGUSR2 it tells how many C objects are alive. All else is as in src/main.ts.

import { liveHandles } from "../../ffi/owned.ts";
import { runCli } from "../../src/cli.ts";

Deno.addSignalListener("SIGUSR2", () => console.log(`handles: ${JSON.stringify(liveHandles())}`));
Deno.exit(await runCli(Deno.args));
