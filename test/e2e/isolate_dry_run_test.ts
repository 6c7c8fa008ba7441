// What `--dry-run --isolate` tells: what it would close, and whom that cuts.

import assert from "node:assert/strict";
import { client } from "../lab/addressing.ts";
import { faulty } from "../lab/faults.ts";
import { hold, holdAll, isAlive } from "../lab/held.ts";
import { state } from "../lab/observe.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { addBehind, separate } from "../lab/separated.ts";
import { assertAllRight } from "../lab/steps.ts";
import { flush, once, symrouted } from "../lab/symrouted.ts";

scenario("--dry-run tells what it would close and open, and --flush opens", async (world) => {
  const { host } = world;
  await separate(world);
  const before = await state(host);
  await once(host);
  const add = await symrouted(host, ["--dry-run", "--isolate"]);
  assert.equal(add.code, 3, add.stderr);
  assert.deepEqual(commands(add.stdout), [
    "ip route append unreachable default table 1002 proto 115 metric 4294967295",
    "ip route append unreachable default table 1003 proto 115 metric 4294967295",
    "ip -6 route replace unreachable default table 1002 proto 115 metric 4294967295",
    "ip -6 route replace unreachable default table 1003 proto 115 metric 4294967295",
    // So that sockets ask for their way anew: the other table has a default.
    "ip -6 rule add from 2001:db8:2::2 lookup 1003 priority 27201 protocol 115",
    "ip -6 rule del from 2001:db8:2::2 lookup 1003 priority 27201 protocol 115",
  ]);
  // They can be run as they are.
  for (const command of commands(add.stdout)) await host.must(command.split(" "));
  await assertAllRight(host, ["--isolate"]);
  const open = await symrouted(host, ["--dry-run"]);
  assert.deepEqual(commands(open.stdout).map((line) => line.replace(/ table.*/, "")), [
    ...["ip -6 route del unreachable default", "ip -6 route del unreachable default"],
    ...["ip route del unreachable default", "ip route del unreachable default"],
  ]);
  for (const command of commands(open.stdout)) await host.must(command.split(" "));
  await assertAllRight(host);
  await once(host, ["--isolate"]);
  await flush(host);
  assert.equal(await state(host), before);
});

function commands(stdout: string): string[] {
  return stdout.split("\n").filter((line) => line.startsWith("ip "));
}

scenarios("--dry-run names the connections that it would cut, and no others are", async (world, family) => {
  const { host, uplinks: [management, data] } = world;
  await separate(world);
  await using container = await addBehind(world, "br0");
  await holdAll(host);
  const leaking = data[family].address;
  const cut = await hold(world.client, leaking);
  const others = [
    await hold(world.client, management[family].address),
    await hold(data.router, leaking),
    await hold(container, leaking),
    await hold(host, leaking),
  ];
  const cuts = async (args: string[]) => {
    const { stdout } = await symrouted(host, ["--dry-run", ...args]);
    return stdout.split("\n").filter((line) => line.startsWith("# cuts"));
  };
  assert.deepEqual(await cuts([]), [], "without --isolate");
  for (const before of ["without symrouted", "without --isolate"]) {
    const named = await cuts(["--isolate"]);
    const end = (ip: string) => family === "IPv4" ? ip : `[${ip}]`;
    const wanted = `# cuts the established connection ${end(leaking)}:8081 ${end(client[family])}:`;
    assert.deepEqual(named.map((line) => line.replace(/\d+$/, "")), [wanted], before);
    await once(host);
  }
  for (const one of [cut, ...others]) assert.equal(await isAlive(one), true, one.command.join(" "));
  await once(host, ["--isolate"]);
  for (const one of others) assert.equal(await isAlive(one), true, one.command.join(" "));
  assert.equal(await isAlive(cut), false, "the connection that was named");
  assert.deepEqual(await cuts(["--isolate"]), [], "what is cut already");
});

scenario(
  "where the kernel does not tell of connections, --dry-run says so, and tells the rest",
  async ({ host }) => {
    const env = await faulty({ dumpOf: "connection", dumpError: 1 });
    const { code, stdout, stderr } = await symrouted(host, ["--dry-run", "--isolate"], { env });
    assert.equal(code, 3, stderr);
    assert.match(stdout, /^# the connections that this cuts are not known: read the TCP connections: \S/m);
    assert.equal(commands(stdout).filter((command) => command.includes("unreachable default")).length, 4);
  },
);
