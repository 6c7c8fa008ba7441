// `deno task test [ARGUMENTS]`: installs what the tests need, and runs `deno test` with the arguments in
// namespaces of its own. Those that need more than that have tasks of their own. `--features` chooses each feature's
// end-to-end test, and all others that are quick.

import { FEATURES } from "./compiled/features.ts";
import { runSuite } from "./lab/suite.ts";
import { setup } from "./setup.ts";

const quick = ["test/diff", "test/faults", "test/ffi", "test/model", "test/plan", "test/unit"];

await setup("test");
const chosen = Deno.args.flatMap((one) => one === "--features" ? [...quick, ...FEATURES] : one);
Deno.exit(await runSuite(["--ignore=test/systemd,test/compiled,test/package,test/release", ...chosen]));
