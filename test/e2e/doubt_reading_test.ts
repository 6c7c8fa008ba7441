// Doubt about what was read: a dump that fails, ends early, says that it was interrupted, or misses what is there while
// others write. Nothing of ours goes that main still has, nothing of others' is touched, and in the end all is right.

import assert from "node:assert/strict";
import { type Faults, faulty } from "../lab/faults.ts";
import { LonelyHost } from "../lab/lonely.ts";
import { Monitor } from "../lab/monitor.ts";
import type { Namespace } from "../lab/netns.ts";
import { routes } from "../lab/observe.ts";
import { addOthers, others } from "../lab/others.ts";
import { ours, ownChanges } from "../lab/ours.ts";
import { eventually, type Result } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { assertAllRight } from "../lab/steps.ts";
import { Daemon, once, program, symrouted } from "../lab/symrouted.ts";

/** What is dumped. */
interface Kind {
  /** How often at a start. */
  dumps: number;
  /** Something that has it dumped again. */
  trigger: string[];
  /** Something that makes its dump longer than a datagram. */
  crowd: string[];
}

const kinds: Record<Exclude<NonNullable<Faults["dumpOf"]>, "connection">, Kind> = {
  link: {
    dumps: 1,
    trigger: ["link set lo alias x", "link set lo alias y"],
    crowd: numbered(60, (i) => `link add v${i} type veth peer name w${i}`),
  },
  address: {
    dumps: 1,
    trigger: ["address add 198.51.100.1/32 dev lo", "address delete 198.51.100.1/32 dev lo"],
    crowd: numbered(1000, (i) => `address add 198.18.${i >> 8}.${i & 255}/32 dev lo`),
  },
  rule: {
    dumps: 1,
    trigger: ["rule add priority 31000 lookup 99", "rule delete priority 31000"],
    crowd: numbered(1000, (i) => `rule add from 198.18.${i >> 8}.${i & 255} lookup 99`),
  },
  route: {
    // Main, local, and both uplinks' tables, in both families.
    dumps: 8,
    trigger: ["nexthop add id 7 blackhole", "nexthop delete id 7"],
    crowd: numbered(2000, (i) => `route add 198.18.${i >> 8}.${i & 255} via 192.168.0.1 dev em2`),
  },
};

/** How a dump may go wrong, and the fault that does it. */
const faults = {
  "ends with an error": "dumpError",
  "breaks off": "dumpShort",
  "says that it was interrupted": "dumpIntr",
} as const;

for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
  const { dumps, trigger, crowd } = kinds[kind];
  for (const [name, fault] of Object.entries(faults)) {
    const environments = () => Promise.all(numbered(dumps, (i) => faulty({ dumpOf: kind, [fault]: i + 1 })));

    lonely(`a dump (${kind}) that ${name}: a call does all, or says why not`, async (host) => {
      await addOthers(host);
      await once(host);
      const [all, theirs] = [await ours(host), await others(host)];
      await using monitor = await Monitor.start(host);
      for (const env of await environments()) {
        const from = monitor.position;
        assertPlain(await symrouted(host, ["--once"], { env }));
        assert.deepEqual(await monitor.happened({ from }), []);
        const flush = await symrouted(host, ["--flush"], { env });
        assertPlain(flush);
        assert.deepEqual([await ours(host), await others(host)], [flush.code === 0 ? "" : all, theirs]);
        if (flush.code === 0) await once(host);
      }
    });

    lonely(`a dump (${kind}) that ${name}: the daemon starts, or says why not`, async (host) => {
      for (const env of await environments()) {
        const daemon = host.spawn(program(), { env });
        const { text } = await daemon.line(/^symrouted: (ready|read )/, { within: 20_000 });
        if (text.includes("ready")) await assertAllRight(host);
        else assert.deepEqual([await daemon.ended, await ours(host)], [1, ""]);
        await daemon.stop();
        await symrouted(host, ["--flush"]);
      }
    });

    lonely(`a dump (${kind}) that ${name}: the daemon gets over it`, async (host) => {
      await assertOvercome(host, { faults: { dumpOf: kind, [fault]: 1 }, trigger });
    });
  }

  lonely(`a dump (${kind}) whose rest comes later: the daemon gets over it`, async (host) => {
    await host.batch(crowd);
    await assertOvercome(host, { faults: { dumpOf: kind, dumpFail: 1 }, trigger });
  });
}

function lonely(name: string, body: (host: Namespace) => Promise<void>): void {
  isolatedTest(name, async () => {
    await using world = await LonelyHost.build();
    await body(world.host);
  });
}

/** Either nothing was wrong, or it says in one line what was. */
function assertPlain({ code, stdout, stderr }: Result): void {
  if (code === 0) assert.equal(stderr, "");
  else assert.deepEqual([code, stdout, stderr.match(/^symrouted: .*\n$/)?.length], [1, "", 1], stderr);
}

/** A daemon that meets the fault goes on following main, and takes away nothing. */
async function assertOvercome(
  host: Namespace,
  { faults, trigger }: { faults: Faults; trigger: string[] },
): Promise<void> {
  await addOthers(host);
  const armed = `/run/armed-${crypto.randomUUID()}`, told = `${armed}-told`;
  await using daemon = await Daemon.start(host, [], {
    env: await faulty({ while: armed, tell: told, ...faults }),
  });
  await using monitor = await Monitor.start(host);
  const from = monitor.position;
  await Deno.writeTextFile(armed, "");
  await host.batch(trigger);
  await eventually(() => Deno.stat(told));
  await host.ip("route add 100.64.200.0/24 via 192.168.0.1 dev em2");
  await eventually(async () => {
    assert.match((await routes(host, 1003, "IPv4")).join("\n"), /^100\.64\.200\.0\/24 via/m);
  }, { within: 15_000 });
  await eventually(() => assertAllRight(host));
  assert.deepEqual(await ownChanges(monitor, { from }), [
    "100.64.200.0/24 via 192.168.0.1 dev em2 table 1003",
  ]);
  assert.equal(await daemon.stop(), 0);
}

function numbered<T>(count: number, item: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => item(i));
}
