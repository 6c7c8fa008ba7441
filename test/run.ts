// `deno task test [ARGUMENTS]`: installs what the tests need, and runs `deno test` with the arguments in
// namespaces of its own. Those that need more than that have tasks of their own.

import { runSuite } from "./lab/suite.ts";
import { setup } from "./setup.ts";

await setup("test");
Deno.exit(await runSuite(["--ignore=test/systemd,test/compiled,test/package,test/release", ...Deno.args]));
