// `deno task test-packages [ARGUMENTS]`: makes the packages, and runs `deno test` over this folder with the arguments.

import { runWithMachines } from "../systemd/suite.ts";
import { makePackages } from "./packages.ts";

Deno.exit(await runWithMachines({ folder: import.meta.dirname!, before: makePackages }));
