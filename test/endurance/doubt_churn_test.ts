// Dumps that miss what is there, as the kernel's do while others write: every second or third rule, and IPv6 route, is
// missing from all of them, the same ones each time; a rule or route comes and goes while each is read. What is not seen
// is not known to be absent.

import assert from "node:assert/strict";
import { crowdedHost } from "../lab/crowded.ts";
import { families } from "../lab/addressing.ts";
import { faulty, type Stop, Stops } from "../lab/faults.ts";
import { Monitor } from "../lab/monitor.ts";
import type { Namespace } from "../lab/netns.ts";
import { addOthers, others } from "../lab/others.ts";
import { ours, ownChanges } from "../lab/ours.ts";
import { eventually } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { assertAllRight } from "../lab/steps.ts";
import { Daemon, once, symrouted } from "../lab/symrouted.ts";

const passing = "2001:db8:7777::/64";

for (const dumpSkip of [2, 3]) {
  for (const call of ["--once", "--flush"]) {
    isolatedTest(`${call} takes nothing away for not seeing it, one in ${dumpSkip}`, async () => {
      await using world = await crowdedHost();
      const { host } = world;
      await addOthers(host);
      await once(host);
      const [all, theirs] = [await ours(host), await others(host)];
      await using monitor = await Monitor.start(host);
      using stops = new Stops();
      const env = await faulty({ dumpSkip, dumpStop: stops.path });
      const { code, stdout, stderr } = await stops.during(
        symrouted(host, [call], { env }),
        (stop) => writeBeside(host, stop),
      );
      assert.equal(code, 1, stdout);
      assert.match(stderr, /^symrouted: not all could be done: .* kept changing while they were read$/m);
      // What was there already was not added.
      assert.doesNotMatch(stdout, /rules? (added|removed)|routes? removed/);
      // In IPv6 a rule that stays may stand there twice for a moment.
      const gone = (await deletions(monitor)).filter((line) => !line.startsWith("Deleted 27201:"));
      assert.deepEqual(gone, []);
      assert.deepEqual([await ours(host), await others(host)], [all, theirs]);
      assert.equal((await symrouted(host, [call])).code, 0);
      assert.deepEqual([await ours(host), await others(host)], [call === "--once" ? all : "", theirs]);
    });
  }

  isolatedTest(`the daemon takes nothing away for not seeing it, one in ${dumpSkip}`, async () => {
    await using world = await crowdedHost();
    const { host } = world;
    await addOthers(host);
    using stops = new Stops();
    const armed = `${stops.path}-armed`;
    const env = await faulty({ while: armed, dumpSkip, dumpStop: stops.path });
    await using daemon = await Daemon.start(host, [], { env });
    const all = await ours(host);
    await using monitor = await Monitor.start(host);
    let dumps = 0;
    const followed = stops.during(daemon.process.ended, async (stop) => {
      dumps++;
      await writeBeside(host, stop);
    });
    await Deno.writeTextFile(armed, "");
    await host.batch([
      "nexthop add id 7 blackhole",
      "nexthop delete id 7",
      "rule add priority 31000 lookup 99",
      "rule delete priority 31000",
    ]);
    await eventually(() => assert.ok(dumps > 20, `${dumps} dumps`), { within: 20_000 });
    await host.ip("-6 route add 2001:db8:f800::/40 via 2001:db8:2::1 dev em2");
    await eventually(async () => assert.match(await ours(host), /^2001:db8:f800::\/40 via .* table 1003 /m));
    await host.ip("-6 route delete 2001:db8:f800::/40");
    await eventually(async () => assert.equal(await ours(host), all));
    await Deno.remove(armed);
    await eventually(() => assertAllRight(host), { within: 20_000 });
    const gone = (await deletions(monitor)).filter((line) => !line.startsWith("Deleted 2001:db8:f800::/40"));
    assert.deepEqual(gone, []);
    assert.equal(await ours(host), all);
    assert.doesNotMatch(daemon.lines.join("\n"), /another program/);
    assert.equal(await daemon.stop(), 0);
    await followed;
  });
}

/** A change of what is being read, which is undone at once. */
async function writeBeside(host: Namespace, { family, table }: Stop): Promise<void> {
  const isOfRules = table === 0;
  if (!isOfRules) {
    if (family !== AF_INET6) return;
    const route = `${passing} dev lo table ${table} proto 99`;
    return await host.batch([`route add ${route}`, `route delete ${route}`]);
  }
  const rule = "priority 31000 lookup 99";
  for (const family of families) await host.batch([`rule add ${rule}`, `rule delete ${rule}`], family);
}

const AF_INET6 = 10;

async function deletions(monitor: Monitor): Promise<string[]> {
  const changes = await ownChanges(monitor);
  return changes.filter((line) => line.startsWith("Deleted") && !line.includes(passing));
}
