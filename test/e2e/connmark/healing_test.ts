// Whatever others do to rulesets: ours is back within a second and theirs is as it was.

import assert from "node:assert/strict";
import { Inner } from "../../lab/inner.ts";
import { settledState, wholeState } from "../../lab/foreign.ts";
import { eventually, pause } from "../../lab/process.ts";
import { docker, iptables, publish } from "../../lab/published.ts";
import { assertAnswers, byAll } from "../../lab/questions.ts";
import { scenario } from "../../lab/scenario.ts";
import { Daemon, flush, symrouted } from "../../lab/symrouted.ts";
import type { World } from "../../lab/world.ts";

const strict = { rpFilter: 1 } as const;

scenario("a ruleset that is flushed is back within a second, and so is one rule of it", async (world) => {
  const { host } = world;
  await using container = await Inner.create(world, "docker0");
  await container.serve();
  await using daemon = await Daemon.start(host, ["--connmark"]);
  const whole = await ruleset(world);
  for (const command of ["flush ruleset", "delete table inet symrouted", "flush table inet symrouted"]) {
    await host.must(["nft", ...command.split(" ")]);
    await eventually(async () => assert.equal(await ruleset(world), whole), { within: 1000 });
  }
  await host.must(["nft", "delete", "rule", "inet", "symrouted", "output", "handle", await handle(world)]);
  await eventually(async () => assert.equal(await ruleset(world), whole), { within: 1000 });
  await host.must(["nft", "add", "rule", "inet", "symrouted", "prerouting", "drop"]);
  await eventually(async () => assert.equal(await ruleset(world), whole), { within: 1000 });
  await publish(host, "docker0");
  await assertAnswers(world, byAll);
  assert.match(daemon.lines.join("\n"), /another program has changed the nftables table inet symrouted/);
}, strict);

scenario("a firewall that loads its own tables anew changes nothing of ours", async (world) => {
  const { host } = world;
  await using container = await Inner.create(world, "docker0");
  await container.serve();
  await iptables(host, docker);
  await host.nft(firewalld);
  await using daemon = await Daemon.start(host, ["--connmark"]);
  const ports = { how: ["tcp", "udp"] } as const;
  await assertAnswers(world, byAll, ports);
  const before = await host.must(["nft", "--stateless", "--handle", "list", "table", "inet", "symrouted"]);
  for (let time = 0; time < 20; time++) await host.nft(`delete table inet firewalld\n${firewalld}`);
  await assertAnswers(world, byAll, ports);
  await pause(200);
  const after = await host.must(["nft", "--stateless", "--handle", "list", "table", "inet", "symrouted"]);
  assert.equal(after, before);
  assert.doesNotMatch(daemon.lines.join("\n"), /another program/);
}, strict);

scenario("the mode is switched on and off by a reload, and nothing of it is left", async (world) => {
  const { host } = world;
  const pristine = await settledState(host);
  const reload = async (...args: string[]) => {
    const { code, stderr } = await symrouted(host, ["--reload", ...args]);
    assert.deepEqual([code, stderr], [0, ""], daemon.lines.join("\n"));
  };
  const daemon = await Daemon.start(host);
  const plain = await settledState(host);
  await reload("--connmark");
  await eventually(async () => assert.notEqual(await ruleset(world), ""));
  await reload();
  await eventually(async () => assert.deepEqual(await wholeState(host), plain));
  await reload("--connmark");
  await eventually(async () => assert.notEqual(await ruleset(world), ""));
  await daemon.stop("SIGKILL");
  assert.notEqual(await ruleset(world), "", "it stays when the daemon goes");
  await using again = await Daemon.start(host);
  await eventually(async () => assert.deepEqual(await wholeState(host), plain));
  await again.stop();
  await flush(host);
  assert.deepEqual(await wholeState(host), pristine);
}, strict);

scenario("a crowd of calls to a closed port leaves nothing of ours that grows", async (world) => {
  const { host } = world;
  await using _daemon = await Daemon.start(host, ["--connmark"]);
  const before = await ruleset(world);
  const address = world.uplink(2).IPv4.address;
  // Each is refused at once.
  const call = `for i in $(seq 2000); do : <"/dev/tcp/${address}/9"; done 2>/dev/null; :`;
  await Promise.all([1, 2].map(() => world.client.must(["bash", "-c", call])));
  assert.ok(await refusals(world) >= 4000);
  assert.equal(await ruleset(world), before);
  await assertAnswers(world, byAll, { how: ["ping"] });
}, strict);

/** Ours; empty where there is none. */
async function ruleset({ host }: World): Promise<string> {
  return (await host.run(["nft", "--stateless", "list", "table", "inet", "symrouted"])).stdout;
}

/** How many calls the host has refused. */
async function refusals({ host }: World): Promise<number> {
  const [names, values] = (await host.must(["cat", "/proc/net/snmp"])).split("\n")
    .filter((line) => line.startsWith("Tcp: ")).map((line) => line.split(" "));
  return Number(values[names.indexOf("OutRsts")]);
}

/** Of the first rule of the chain for what the host sends. */
async function handle({ host }: World): Promise<string> {
  const chain = await host.must(["nft", "--handle", "list", "chain", "inet", "symrouted", "output"]);
  return [...chain.matchAll(/# handle (\d+)/g)].map(([, number]) => number)[1];
}

/** In firewalld's form: a table of its own, with its filter of reverse paths for IPv6. */
const firewalld = `
table inet firewalld {
  chain mangle_PREROUTING {
    type filter hook prerouting priority mangle + 10
    icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
    meta nfproto ipv6 fib saddr . mark . iif oif missing drop
  }
  chain filter_INPUT {
    type filter hook input priority filter + 10
    ct state { established, related } accept
    ct status dnat accept
    iifname "lo" accept
  }
  chain filter_FORWARD {
    type filter hook forward priority filter + 10
    ct state { established, related } accept
    ct status dnat accept
  }
}
`;
