// At no moment a wrong answer while the daemon follows: as in step_test.ts, from notifications.

import assert from "node:assert/strict";
import { crowdedHost } from "../lab/crowded.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { SteppedDaemon } from "../lab/steps.ts";
import { perform, plans } from "./plans.ts";

for (const [name, { prepare, change }] of Object.entries(plans)) {
  isolatedTest(`the daemon follows: ${name}`, async () => {
    await using world = await crowdedHost();
    await perform(world, prepare);
    await using daemon = await SteppedDaemon.start(world.host);
    assert.ok(await daemon.follow(() => perform(world, change)) > 0, "nothing was changed");
  });
}
