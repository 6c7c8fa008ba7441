// Tables that we would use and that somebody else uses: that interface is skipped with an error that names the owner,
// the others are served, what is there stays to the letter, and all heals by itself when the table is free.

import assert from "node:assert/strict";
import { families, type Family } from "../lab/addressing.ts";
import { cableLine } from "../lab/cables.ts";
import { foreignState, settledState, wholeState } from "../lab/foreign.ts";
import { answersPing, routes, sourceRules } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { ovnKubernetes } from "../lab/programs/containers.ts";
import { both, gateways, type Program, Running } from "../lab/programs/program.ts";
import { scenario } from "../lab/scenario.ts";
import { assertAnswers, assertForeign, flush, liveThrough } from "../lab/stays.ts";
import { Daemon } from "../lab/symrouted.ts";
import { hostLines, routerEndLines } from "../lab/world.ts";

const three = { uplinks: 3 };
const notOurs = [1003];

const tenants: [Program, RegExp][] = [
  [ovnKubernetes, /em2 \(IPv[46]\): skipped: table 1003 is used by the rule '6000: from \S+ lookup 1003'/],
  [
    {
      name: "a rule to an uplink's table and one to a table of no interface",
      ...both(["rule add pref 5000 from {a} table 1003", "rule add pref 5001 from {a} to {b} table 1077"], {
        a: ["198.51.100.7", "2001:db8:f0::7"],
        b: ["198.51.100.8", "2001:db8:f0::8"],
      }),
    },
    /em2 \(IPv[46]\): skipped: table 1003 is used by the rule '5000: from \S+7 lookup 1003'/,
  ],
  [
    {
      name: "a rule that would be ours but for one more selector",
      ...both(["rule add pref 27200 from {me2} iif em1 table 1003 protocol 115"], gateways),
    },
    /em2 \(IPv[46]\): skipped: table 1003 is used by the rule '27200: from \S+ iif em1 lookup 1003'/,
  ],
  [
    {
      name: "routes in an uplink's table",
      ...both([
        "route add default via {via1} dev em1 table 1003 proto 116",
        "route add {net2} dev em2 table 1003",
      ], gateways),
    },
    /em2 \(IPv[46]\): skipped: table 1003 has the route 'default via \S+ dev em1 table 1003/,
  ],
];

for (const [program, error] of tenants) {
  scenario(`${program.name}: it keeps its table, the other uplinks are served`, async (world) => {
    const { host } = world;
    const pristine = await settledState(host);
    const running = await Running.start(host, program);
    const before = await settledState(host);
    const daemon = await Daemon.start(host);
    for (const family of families) {
      const told = () => daemon.lines.filter((line) => error.test(line) && line.includes(`(${family})`));
      await eventually(() => assert.equal(told().length, 1, daemon.lines.join("\n")));
    }
    await assertServed([1, 3]);
    await liveThrough(world);
    await assertForeign(world, before, { notOurs });
    assert.equal(await daemon.stop(), 0);
    await assertForeign(world, before, { notOurs });
    const again = await Daemon.start(host);
    await assertForeign(world, before, { notOurs });
    await flush(world, again);
    assert.deepEqual(await wholeState(host), before);

    // It heals without a restart.
    const last = await Daemon.start(host);
    await assertServed([1, 3]);
    await running.stop();
    await assertServed([1, 2, 3]);
    await assertAnswers(world);
    await last.line(/no longer so/);
    await flush(world, last);
    assert.deepEqual(await wholeState(host), pristine);

    async function assertServed(numbers: number[]): Promise<void> {
      await eventually(async () => {
        for (const family of families) {
          const wanted = numbers.map((number) => {
            const { table, ...sides } = world.uplink(number);
            return `from ${sides[family].address} lookup ${table}`;
          });
          const found = (await sourceRules(host, family)).filter((rule) => !rule.includes(" iif "));
          assert.deepEqual(found, wanted.sort());
        }
      });
    }
  }, three);
}

scenario("an interface takes an index whose table another program uses already", async (world) => {
  const { host } = world;
  const mine: Record<Family, string> = { IPv4: "from 198.51.100.7", IPv6: "from 2001:db8:f0::7" };
  for (const family of families) await host.batch([`rule add pref 5000 ${mine[family]} table 1077`], family);
  const daemon = await Daemon.start(host);
  await assertAnswers(world);
  const third = await world.prepare(3);
  await third.router.ip("link delete em3");
  Object.assign(third, { index: 77, table: 1077 });
  await host.batch([cableLine(third, host), "link set em3 up", ...hostLines(third)]);
  await third.router.batch(routerEndLines(third));
  for (const family of families) {
    await daemon.line(
      new RegExp(`em3 \\(${family}\\): skipped: table 1077 is used by the rule '5000: ${mine[family]} `),
    );
    assert.equal((await sourceRules(host, family)).length, 2);
    assert.deepEqual(await routes(host, 1077, family), []);
  }
  for (const family of families) {
    await host.batch([`rule delete pref 5000 ${mine[family]} table 1077`], family);
  }
  await eventually(async () => {
    for (const family of families) {
      assert.ok((await sourceRules(host, family)).includes(`from ${third[family].address} lookup 1077`));
      assert.match((await routes(host, 1077, family)).join("\n"), /^default via \S+ dev em3 /m);
      assert.equal(await answersPing(world, third[family].address), true);
    }
  });
  await flush(world, daemon);
  assert.deepEqual((await foreignState(host)).filter((line) => /1077|proto 115/.test(line)), []);
});

scenario("what others put into our table outlives us, with the rule that leads to it", async (world) => {
  const { host } = world;
  const pristine = await settledState(host);
  const daemon = await Daemon.start(host);
  const guest: Program = {
    name: "a guest",
    ...both([
      "route add {a} dev em1 table 1003 proto 116",
      "route add {b} via {via1} dev em1 table 1003 metric 5",
      "rule add pref 5000 to {a} table 1003",
    ], {
      ...gateways,
      a: ["198.51.100.0/24", "2001:db8:f0::/48"],
      b: ["198.51.101.0/24", "2001:db8:f1::/48"],
    }),
  };
  const running = await Running.start(host, guest);
  await daemon.line(/not a route of ours/);
  const guests = async () =>
    (await foreignState(host, { notOurs })).filter((line) => /198\.51\.10|db8:f[01]:/.test(line));
  const before = await guests();
  assert.equal(before.length, 6, before.join("\n"));
  await liveThrough(world);
  assert.deepEqual(await guests(), before);
  await flush(world, daemon);
  const left = (await wholeState(host)).filter((line) => !pristine.includes(line));
  assert.deepEqual(left.sort(), before.sort());
  await running.stop();
  assert.deepEqual(await wholeState(host), pristine);
}, three);
