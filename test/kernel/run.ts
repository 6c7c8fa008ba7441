// `deno task test-kernel [--kernel=KERNEL] [ARGUMENTS]`: runs `deno test` with the arguments as `deno task test` does, but
// under the distribution's own kernel in an emulated machine: without arguments, the tests of link kinds and each feature
// once. KERNEL is another: a release of the distribution's, such as `bullseye`, or the files of a kernel's packages, with
// commas between them. Where none was named and no machine can be had, the tests run under this one's kernel: those that
// need another are skipped, each with its reason.

import { runSuite, suite } from "../lab/suite.ts";
import { offline } from "../lab/offline.ts";
import { PATIENCE } from "../lab/process.ts";
import { isolatedElsewhere } from "../lab/isolation.ts";
import { prepare, setup } from "../setup.ts";
import { boot, quoted } from "./boot.ts";
import { chosen } from "./chosen.ts";
import { kernel, Unavailable } from "./package.ts";

/** The tests of link kinds that many kernels lack. */
const KINDS = "test/e2e/kinds";

/** What takes a moment elsewhere takes long where each instruction is emulated. */
const SLOW = { [PATIENCE]: "20" };

/** Names the kernel, as `kernel` takes it. */
const CHOICE = "--kernel=";

await setup("test");
const choice = Deno.args.find((each) => each.startsWith(CHOICE))?.slice(CHOICE.length);
const named = Deno.args.filter((each) => !each.startsWith(CHOICE));
const runs = named.length > 0 ? [named] : [[KINDS], chosen()];
try {
  const reason = await prepare("kernel");
  if (reason !== undefined) throw new Unavailable(reason);
  const found = await kernel(choice);
  // Types are not looked at again: that takes minutes in there.
  const commands = await Promise.all(runs.map((args) => suite(["--no-check", ...args])));
  const env: Record<string, string> = { ...await offline(), ...SLOW };
  if (choice === undefined) env.SYMROUTED_TEST_OWN_KERNEL = found.version;
  Deno.exit(await boot(found, isolatedElsewhere(inTurn(commands), env)));
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  if (choice !== undefined) {
    console.error(`${CHOICE}${choice}: ${error.message}`);
    Deno.exit(1);
  }
  console.error(`the tests run under this machine's kernel: ${error.message}`);
  const codes: number[] = [];
  for (const args of runs) codes.push(await runSuite(args));
  Deno.exit(Math.max(...codes));
}

/** All of them, one after the other; it fails where one of them does. */
function inTurn(commands: string[][]): string[] {
  const lines = commands.map((command) => `${command.map(quoted).join(" ")} || code=1`);
  return ["sh", "-c", ["code=0", ...lines, "exit $code"].join("\n")];
}
