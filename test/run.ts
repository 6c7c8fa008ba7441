// `deno task test [ARGUMENTS]`: installs what the tests need, and runs `deno test` with the arguments in
// namespaces of its own. Those that need more than that, or much time, have tasks of their own. `--features` chooses each
// feature's end-to-end test, and all others that are quick; `--endurance` those that take their time.

import { FEATURES } from "./compiled/features.ts";
import { runSuite } from "./lab/suite.ts";
import { setup } from "./setup.ts";

const quick = ["test/diff", "test/faults", "test/ffi", "test/model", "test/plan", "test/unit"];

const special = ["test/systemd", "test/compiled", "test/package", "test/release"];
const patient = "test/endurance";

await setup("test");
const chosen = Deno.args.flatMap((one) => {
  if (one === "--features") return [...quick, ...FEATURES];
  return one === "--endurance" ? [patient] : one;
});
const ignored = chosen.some((one) => one.startsWith(patient)) ? special : [...special, patient];
Deno.exit(await runSuite([`--ignore=${ignored.join()}`, ...chosen]));
