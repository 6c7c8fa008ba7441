/** The program: see README.md. */

import { runCli } from "./cli.ts";

// Threads that wait for the kernel do not keep an ended program alive.
Deno.exit(await runCli(Deno.args));
