// What connection marks cannot be given for is refused with its reason, and nothing is changed; what they would change is
// told beforehand.

import assert from "node:assert/strict";
import { families } from "../../lab/addressing.ts";
import { settledState, wholeState } from "../../lab/foreign.ts";
import { Inner } from "../../lab/inner.ts";
import { publish } from "../../lab/published.ts";
import { assertAnswers, byAll } from "../../lab/questions.ts";
import { scenario } from "../../lab/scenario.ts";
import { once, symrouted } from "../../lab/symrouted.ts";

const strict = { rpFilter: 1 } as const;

for (const family of families) {
  scenario(
    `${family}: a rule of somebody else's about bits of our marks is named, and other bits work`,
    async (world) => {
      const { host } = world;
      await using container = await Inner.create(world, "docker0");
      await container.serve();
      await publish(host, "docker0");
      await host.batch(["rule add pref 100 fwmark 0x1000000/0xf000000 lookup 77"], family);
      const before = await settledState(host);
      for (const args of [["--once", "--connmark"], ["--connmark"]]) {
        const { code, stderr } = await symrouted(host, args);
        assert.equal(code, 6, stderr);
        assert.match(stderr, /^symrouted: .*fwmark 0x1000000\/0xf000000.*--mark-mask.*\n$/s);
        assert.deepEqual(await wholeState(host), before);
      }
      await once(host, ["--connmark", "--mark-mask", "0x70000000"]);
      await assertAnswers(world, byAll, { families: [family] });
    },
    strict,
  );
}

scenario(
  "an uplink for which no mark is left is named, and the host's own services answer by it as before",
  async (world) => {
    const { host } = world;
    const { code, stderr } = await symrouted(host, ["--once", "--connmark", "--mark-mask", "0x3000000"]);
    assert.equal(code, 0);
    assert.match(stderr, /^symrouted: em3: its connections are not marked: .*--mark-mask.*\n$/);
    await assertAnswers(world, byAll, { how: ["ping"] });
    await using container = await Inner.create(world, "docker0");
    await container.serve();
    await publish(host, "docker0");
    await once(host, ["--connmark", "--mark-mask", "0x3000000"]);
    await assertAnswers(world, ({ number }) => number < 3);
  },
  { ...strict, uplinks: 3 },
);

scenario("as many uplinks as marks are not too many", async (world) => {
  const { host } = world;
  await using container = await Inner.create(world, "docker0");
  await container.serve();
  await publish(host, "docker0");
  await once(host, ["--connmark", "--mark-mask", "0x3000000"]);
  await assertAnswers(world, byAll);
}, strict);

scenario("a dry run tells of the ruleset and the filters, as commands that do the same", async (world) => {
  const { host } = world;
  await using container = await Inner.create(world, "docker0");
  await container.serve();
  await publish(host, "docker0");
  const before = await settledState(host);
  const { code, stdout } = await symrouted(host, ["--dry-run", "--connmark"]);
  assert.equal(code, 3);
  assert.deepEqual(await wholeState(host), before);
  await host.must(["sh", "-e"], { stdin: stdout });
  await assertAnswers(world, byAll);
  const again = await symrouted(host, ["--dry-run", "--connmark"]);
  assert.equal(again.code, 0, again.stdout);
}, strict);
