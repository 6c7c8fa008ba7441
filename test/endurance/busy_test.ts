// A host that is busy while symrouted starts: nothing is missed, nothing is said to be done that is not.

import assert from "node:assert/strict";
import { routes, sourceRules } from "../lab/observe.ts";
import type { Namespace } from "../lab/netns.ts";
import { eventually } from "../lab/process.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { Daemon, program, symrouted } from "../lab/symrouted.ts";

const MANY = 60_000;

/** Fills main with routes through em1. */
async function fill(host: Namespace): Promise<void> {
  const lines = Array.from(
    { length: MANY },
    (_, i) => `route add ${20 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/24 via 10.0.0.1 dev em1`,
  );
  await host.batch(lines);
}

scenario("what happens during the first pass is not forgotten", async ({ host }) => {
  await fill(host);
  const starting = Daemon.start(host);
  // In the middle of the fill.
  await eventually(async () => assert.ok((await routes(host, 1002, "IPv4")).length > MANY / 10), {
    within: 20_000,
  });
  await host.ip("route add 12.0.0.0/24 via 192.168.0.1 dev em2");
  await host.ip("address add 10.0.0.88/16 dev em1");
  await using _daemon = await starting;
  await eventually(async () => {
    assert.ok((await sourceRules(host, "IPv4")).includes("from 10.0.0.88 lookup 1002"));
    assert.match((await routes(host, 1003, "IPv4")).join("\n"), /^12\.0\.0\.0\/24 via/m);
  });
});

scenario("SIGTERM before it is ready ends it as well", async ({ host }) => {
  await fill(host);
  await using process = host.spawn(program());
  await eventually(async () => assert.ok((await routes(host, 1002, "IPv4")).length > 0), { within: 20_000 });
  assert.equal(await process.stop("SIGTERM"), 0);
});

/** Changes a route of main, again and again. */
const churn = (family: string, prefix: string, device: string) =>
  `while :; do ip ${family} route replace ${prefix} dev ${device} metric 77; ` +
  `ip ${family} route delete ${prefix} dev ${device} metric 77; done`;

scenarios("routes that never stop changing keep nobody from starting", async (world, family) => {
  const { host } = world;
  await fill(host);
  const [flag, prefix] = family === "IPv4" ? ["-4", "13.1.0.0/24"] : ["-6", "2001:db8:77::/48"];
  await using _churn = host.spawn(["sh", "-c", churn(flag, prefix, "em2")]);
  await using daemon = await Daemon.start(host);
  await eventually(async () => assert.equal((await sourceRules(host, family)).length, 2));
  assert.equal(await daemon.stop(), 0);
  const { code, stdout, stderr } = await symrouted(host, ["--flush"]);
  const left = await sourceRules(host, family);
  // Either all of it is gone, or it says that it could not be done.
  assert.ok(
    left.length === 0 ? code === 0 || code === 1 : code === 1,
    `exit ${code}: ${stdout}${stderr}${left}`,
  );
  if (family === "IPv4") assert.equal(code, 0, stderr);
});

scenario("a secondary address that goes takes no other's routes with it", async ({ host }) => {
  await host.batch([
    "address add 10.0.0.77/16 dev em1",
    "route add 10.9.0.0/16 via 10.0.0.1 dev em1",
    "route append 10.9.0.0/16 via 192.168.0.1 dev em2",
  ]);
  await using _daemon = await Daemon.start(host);
  await host.ip("address delete 10.0.0.77/16 dev em1");
  await eventually(async () => assert.equal((await sourceRules(host, "IPv4")).length, 2));
  await host.ip("route replace 10.9.0.0/16 via 10.0.0.9 dev em1");
  const of = async (table: number) =>
    (await routes(host, table, "IPv4")).filter((line) => /^10\.9\./.test(line));
  await eventually(async () => assert.deepEqual(await of(1002), ["10.9.0.0/16 via 10.0.0.9 dev em1"]));
  assert.deepEqual(await of(1003), ["10.9.0.0/16 via 192.168.0.1 dev em2"]);
});

scenario("of two local routes of one prefix the one that remains has the rule", async ({ host }) => {
  await host.ip("route add local 203.0.113.0/24 dev em1 table local");
  await using _daemon = await Daemon.start(host);
  await host.ip("route append local 203.0.113.0/24 dev em2 table local");
  await host.ip("route delete local 203.0.113.0/24 dev em1 table local");
  await eventually(async () => {
    assert.ok((await sourceRules(host, "IPv4")).includes("from 203.0.113.0/24 lookup 1003"));
  });
});

scenario("a change in main is mirrored though another program meddles with the table", async ({ host }) => {
  await host.ip("route add 14.1.0.0/16 via 192.168.0.1 dev em2");
  await using daemon = await Daemon.start(host);
  const vandal = "while :; do ip route delete 14.1.0.0/16 table 1003 2>/dev/null; sleep 0.01; done";
  await using _vandal = host.spawn(["sh", "-c", vandal]);
  await daemon.line(/another program keeps changing/, { within: 5000 });
  await host.ip("route replace default via 192.168.0.9 dev em2 proto static metric 106");
  await eventually(async () => {
    assert.match((await routes(host, 1003, "IPv4")).join("\n"), /^default via 192\.168\.0\.9/m);
  }, { within: 500 });
});

scenario("a ban that begins to hold is pierced where main pierces it", async ({ host }) => {
  await host.batch([
    "route add 172.16.0.0/12 via 10.0.0.1 dev em1 metric 10",
    "route add blackhole 172.16.0.0/12 metric 4000",
    "route add 172.16.1.0/24 via 192.168.0.1 dev em2",
  ]);
  await using _daemon = await Daemon.start(host);
  await host.ip("route delete 172.16.0.0/12 via 10.0.0.1 dev em1 metric 10");
  await eventually(async () => {
    const text = (await routes(host, 1002, "IPv4")).join("\n");
    assert.match(text, /^blackhole 172\.16\.0\.0\/12/m);
    assert.match(text, /^throw 172\.16\.1\.0\/24/m);
  });
});

scenario(
  "the table of an interface with nothing but AnyIP is looked at before it is taken",
  async ({ host }) => {
    await host.ip("-6 address flush dev em1 scope global");
    await host.ip("-6 route add default via fe80::99 dev em2 table 1002");
    await host.ip("-6 route add local 2001:db8:77::/64 dev em1 table local");
    const { stderr } = await symrouted(host, ["--once"]);
    assert.match(stderr, /table 1002 has the route 'default via fe80::99 dev em2/);
    assert.match((await routes(host, 1002, "IPv6")).join("\n"), /^default via fe80::99 dev em2/m);
  },
);
