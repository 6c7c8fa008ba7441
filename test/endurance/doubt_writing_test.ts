// Doubt about what was written: the kernel does not answer, gets half of a request, or refuses. At no moment is there a wrong
// answer, nothing of others' is touched, and in the end all is right: by itself, or, where the program says that it failed,
// by the next call.

import assert from "node:assert/strict";
import { crowdedHost } from "../lab/crowded.ts";
import { type Faults, faulty } from "../lab/faults.ts";
import { addOthers, others } from "../lab/others.ts";
import { ours } from "../lab/ours.ts";
import { eventually, type Result } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { assertAllRight, SteppedDaemon, stepThrough } from "../lab/steps.ts";
import { Daemon, once, symrouted } from "../lab/symrouted.ts";
import { LonelyHost } from "../lab/lonely.ts";
import { perform, plans } from "./plans.ts";

const EBUSY = 16;

/** Of a request that is written in one go, and of one that is written in parts. */
const doubts: Record<string, Faults> = {
  "an answer that does not come": { loseAnswer: 1 },
  "a later answer that does not come": { loseAnswer: 3 },
  "half a batch": { truncateSend: 1 },
  "half of a later batch, and half a message": { truncateInside: 4 },
  "every second change refused": { refuseEvery: 2 },
  "every third change refused": { refuseEvery: 3, refuseWith: EBUSY },
  "every change refused": { refuseEvery: 1 },
};

for (const [name, faults] of Object.entries(doubts)) {
  isolatedTest(`${name}: of a first fill`, () => assertRepaired(faults, { call: "--once" }));

  isolatedTest(`${name}: of a flush`, () => assertRepaired(faults, { call: "--flush", isFilled: true }));

  isolatedTest(`${name}: of a change of roles`, () => {
    return assertRepaired(faults, { call: "--once", isFilled: true, plan: "forwarding switched on" });
  });
}

isolatedTest(
  "a kernel that refuses everything for a while: the daemon tries again by itself",
  async () => {
    await using world = await LonelyHost.build();
    const { host } = world;
    const armed = `/run/armed-${crypto.randomUUID()}`, told = `${armed}-told`;
    const env = await faulty({ while: armed, tell: told, refuseEvery: 1 });
    await using daemon = await Daemon.start(host, [], { env });
    await Deno.writeTextFile(armed, "");
    await host.batch([
      "route add 100.64.200.0/24 via 192.168.0.1 dev em2",
      "address add 10.0.0.99/16 dev em1",
    ]);
    await eventually(() => Deno.stat(told));
    await daemon.line(/100\.64\.200\.0\/24.*Cannot allocate memory/);
    await daemon.line(/from 10\.0\.0\.99.*Cannot allocate memory/);
    await Deno.remove(armed);
    await eventually(() => assertAllRight(host), { within: 40_000 });
    assert.equal(daemon.lines.filter((line) => /Cannot allocate/.test(line)).length, 2);
  },
);

for (const [name, faults] of Object.entries(doubts).filter(([, { refuseEvery }]) => refuseEvery !== 1)) {
  isolatedTest(`${name}: of the daemon's first start`, async () => {
    await using world = await crowdedHost();
    await using _daemon = await Daemon.start(world.host, [], { env: await faulty(faults) });
    await eventually(() => assertAllRight(world.host), { within: 10_000 });
  });

  isolatedTest(`${name}: of what the daemon follows`, async () => {
    await using world = await crowdedHost();
    await using daemon = await SteppedDaemon.start(world.host, faults);
    await daemon.follow(() => perform(world, plans["routes that change their uplinks"].change));
  });
}

interface Case {
  call: "--once" | "--flush";
  /** Whether all was right before. */
  isFilled?: boolean;
  /** What happened then. */
  plan?: string;
}

async function assertRepaired(faults: Faults, { call, isFilled = false, plan }: Case): Promise<void> {
  await using world = await crowdedHost();
  const { host } = world;
  await addOthers(host);
  if (isFilled) await once(host);
  if (plan) await perform(world, plans[plan].change);
  const theirs = await others(host);
  const result = await stepThrough(host, [call], { faults });
  assertPlainEnd(result);
  const next = await symrouted(host, [call]);
  assert.equal(next.code, 0, next.stderr);
  if (result.code === 0) assert.match(next.stdout, /^symrouted: nothing to do;/);
  else if (call === "--once") await assertAllRight(host);
  if (call === "--flush") assert.equal(await ours(host), "");
  assert.equal(await others(host), theirs);
}

/** Either it is done, or it says in a line that it is not; where changes were refused, in one for each. */
function assertPlainEnd({ code, stdout, stderr }: Result): void {
  const said = stderr.split("\n").filter((line) =>
    /not answer|refused|failed|Cannot allocate|busy/.test(line)
  );
  if (code === 0) assert.deepEqual(said, []);
  else assert.equal(code, 1, stderr);
  const refused = Number(/(\d+) changes? refused/.exec(stdout)?.[1] ?? 1);
  assert.ok(said.length <= refused, `${stdout}${said.join("\n")}`);
}
