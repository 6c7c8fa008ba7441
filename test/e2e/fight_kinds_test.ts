// Programs that do not only delete what the daemon writes: they replace it, add to it, or move it.

import { type Family, flag } from "../lab/addressing.ts";
import { repeating } from "../lab/fighter.ts";
import { fight } from "../lab/fights.ts";
import type { Process } from "../lab/process.ts";
import type { World } from "../lab/world.ts";

/** What a slow fighter costs is mostly the start of its commands. */
const share = 0.5;

function repeat({ host }: World, family: Family, commands: readonly string[]): Process {
  return repeating(host, commands.map((command) => `ip ${flag(family)} ${command}`));
}

fight("over routes: one is replaced, one outdone, one deleted, one moved to another metric", {
  begin: (world, family) => {
    const gateway = (number: number) => world.uplink(number)[family].gateway.replace(/1$/, "9");
    const [, second, third, fourth, fifth] = world.uplinks;
    return repeat(world, family, [
      `route replace default via ${gateway(2)} dev em2 table ${second.table} proto static metric 106`,
      `route replace default via ${gateway(3)} dev em3 table ${third.table} metric 5`,
      `route delete ${fourth[family].prefix} table ${fourth.table}`,
      `route delete default table ${fifth.table} metric ${fifth.metric}`,
      `route replace default via ${gateway(5)} dev em5 table ${fifth.table} metric 7`,
    ]);
  },
  ours: [
    "^default via \\S+[.:]1 dev em2 table 1003",
    "^Deleted default .* table 1004 .*metric 5 ",
    "^(172|2001)\\S+ dev em4 table 1005",
    "^default via \\S+[.:]1 dev em5 table 1006",
  ].join("|"),
  places: 4,
  share,
}, { uplinks: 5 });

const source = (world: World, family: Family) => world.uplink(2)[family].address;
const ours = "^27200:\\s+from \\S+ lookup 1003 ";

fight("over rules: they are moved to another priority", {
  begin: (world, family) =>
    repeat(world, family, [
      `rule delete from ${source(world, family)} lookup 1003`,
      `rule add from ${source(world, family)} lookup 1003 priority 100 protocol 115`,
    ]),
  ours,
  share,
});

fight("over rules: one more is added", {
  begin: (world, family) =>
    repeat(world, family, [`rule add from ${source(world, family)} lookup 1003 priority 100 protocol 115`]),
  ours: "^Deleted 100:\\s+from \\S+ lookup 1003 ",
  share,
});

fight("over rules: they are led to another uplink's table", {
  begin: (world, family) =>
    repeat(world, family, [
      `rule delete from ${source(world, family)} lookup 1003`,
      `rule add from ${source(world, family)} lookup 1002 priority 27200 protocol 115`,
    ]),
  ours,
  share,
  but: /from (192|2001:db8:2:).* lookup 1002 /,
});
