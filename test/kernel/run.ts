// `deno task test-kernel [ARGUMENTS]`: runs `deno test` with the arguments as `deno task test` does, but under the
// distribution's own kernel in an emulated machine. Where that cannot be, it runs them under this one: the tests that
// need another are skipped, each with its reason.

import { runSuite, suite } from "../lab/suite.ts";
import { offline } from "../lab/offline.ts";
import { PATIENCE } from "../lab/process.ts";
import { isolatedElsewhere } from "../lab/isolation.ts";
import { prepare, setup } from "../setup.ts";
import { boot } from "./boot.ts";
import { kernel, Unavailable } from "./package.ts";

/** The tests of link kinds that many kernels lack. */
const KINDS = "test/e2e/kinds";

/** What takes a moment elsewhere takes long where each instruction is emulated. */
const SLOW = { [PATIENCE]: "20" };

await setup("test");
const args = Deno.args.length > 0 ? Deno.args : [KINDS];
try {
  const reason = await prepare("kernel");
  if (reason !== undefined) throw new Unavailable(reason);
  const found = await kernel();
  // Types are not looked at again: that takes minutes in there.
  const command = await suite(["--no-check", ...args]);
  Deno.exit(await boot(found, isolatedElsewhere(command, { ...await offline(), ...SLOW })));
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  console.error(`the tests run under this machine's kernel: ${error.message}`);
  Deno.exit(await runSuite(args));
}
