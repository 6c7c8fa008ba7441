// Who flushes the ruleset at the very moment that it has been put back does not keep it away.

import assert from "node:assert/strict";
import { eventually } from "../../lab/process.ts";
import { scenario } from "../../lab/scenario.ts";
import { Daemon } from "../../lab/symrouted.ts";

/** Flushes as soon as the table is there, so often that repairs are not yet held up. */
const RUSH = `
for turn in 1 2 3 4 5 6 7 8; do
  until nft delete table inet symrouted 2>/dev/null; do :; done
done`;

scenario("a table that goes right after it has come is back", async ({ host }) => {
  for (let round = 0; round < 6; round++) {
    await using _daemon = await Daemon.start(host, ["--connmark"]);
    await host.must(["timeout", "10", "sh", "-c", RUSH]);
    await eventually(async () => {
      assert.equal((await host.run(["nft", "list", "table", "inet", "symrouted"])).code, 0);
    }, { within: 2000 });
  }
});
