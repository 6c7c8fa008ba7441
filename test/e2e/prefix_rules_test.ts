// --rules per-prefix: one rule for each on-link prefix does what one for each address does.

import assert from "node:assert/strict";
import { families, type Family } from "../lab/addressing.ts";
import { ask } from "../lab/answers.ts";
import { assertCured, lines, rules, sourceRules, state } from "../lab/observe.ts";
import { Pings } from "../lab/pings.ts";
import { eventually } from "../lab/process.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { Daemon, flush, once, symrouted } from "../lab/symrouted.ts";
import type { World } from "../lab/world.ts";

const wide = ["--rules", "per-prefix"];

const prefixRules: Record<Family, string[]> = {
  IPv4: ["from 10.0.0.0/16 iif lo lookup 1002", "from 192.168.0.0/24 iif lo lookup 1003"],
  IPv6: ["from 2001:db8:1::/64 iif lo lookup 1002", "from 2001:db8:2::/64 iif lo lookup 1003"],
};
const addressRules: Record<Family, string[]> = {
  IPv4: ["from 10.0.0.2 lookup 1002", "from 192.168.0.2 lookup 1003"],
  IPv6: ["from 2001:db8:1::2 lookup 1002", "from 2001:db8:2::2 lookup 1003"],
};

/** More addresses in the first uplink's prefixes: its own, the second one's and a container bridge's. */
const mixed: Record<Family, { own: string[]; second: string; inside: string }> = {
  IPv4: { own: ["10.0.0.3", "10.0.7.77"], second: "10.0.128.9", inside: "10.0.64.1" },
  IPv6: {
    own: ["2001:db8:1::3", "2001:db8:1::77"],
    second: "2001:db8:1:0:8000::9",
    inside: "2001:db8:1:0:4000::1",
  },
};

async function addMixed({ host }: World): Promise<void> {
  await host.batch(["link add br0 type bridge", "link set br0 up"]);
  await host.batch(families.flatMap((family) => {
    const { own, second, inside } = mixed[family];
    const [length, full, nodad] = family === "IPv4" ? [16, 32, ""] : [64, 128, " nodad"];
    return [
      ...own.map((ip) => `address add ${ip}/${length} dev em1 metric 105${nodad}`),
      `address add ${second}/${full} dev em2${nodad}`,
      `address add ${inside}/${full} dev br0${nodad}`,
    ];
  }));
}

/** The interfaces by which each local address answers the client. */
async function waysOut({ host, uplinks }: World, family: Family): Promise<string[]> {
  const { own, second, inside } = mixed[family], to = family === "IPv4" ? "203.0.113.9" : "2001:db8:c::9";
  const sources = [...uplinks.map((uplink) => uplink[family].address), ...own, second, inside];
  return (await ask(host, sources.map((from) => ({ from, to })))).map((way) => way.split(" ").at(-1)!);
}

scenario("per prefix: one rule for each prefix, and each uplink answers for itself", async (world) => {
  await once(world.host, wide);
  for (const family of families) assert.deepEqual(await sourceRules(world.host, family), prefixRules[family]);
  for (const family of families) await assertCured(world, family);
  assert.match(await once(world.host, wide), /nothing to do/);
});

scenarios(
  "per prefix: what other interfaces have inside a prefix goes on as before",
  async (world, family) => {
    await addMixed(world);
    await once(world.host);
    const before = await waysOut(world, family);
    assert.deepEqual(before, ["em1", "em2", "em1", "em1", "em2", "em1"]);
    await once(world.host, wide);
    assert.deepEqual(await waysOut(world, family), before);
    assert.equal((await sourceRules(world.host, family)).some((rule) => rule.includes(" iif lo ")), true);
  },
);

scenario("--reload from one kind of rules to the other, and back, loses no packet", async (world) => {
  const { host } = world;
  await addMixed(world);
  await using daemon = await Daemon.start(host, ["--log-level", "info"]);
  const before = await Promise.all(families.map((family) => sourceRules(host, family)));
  await using pings = await Pings.start(world);
  for (let times = 2; times <= 13; times++) {
    // Now and then the tables change too: no source may be without a rule for that time.
    const metric = times % 3 === 0 ? ["--set-route-metric", "mtu=1400"] : [];
    const { code, stderr } = await symrouted(host, ["--reload", ...metric, ...(times % 2 === 0 ? wide : [])]);
    assert.deepEqual([code, stderr], [0, ""]);
    await eventually(() => {
      const { length } = daemon.lines.filter((line) => /^symrouted: ready: /.test(line));
      assert.equal(length, times);
    }, { within: 20_000 });
    for (const [i, family] of families.entries()) {
      const now = await sourceRules(host, family);
      const isWide = now.some((rule) => rule.includes(" iif lo "));
      assert.equal(isWide, times % 2 === 0, now.join("\n"));
      if (!isWide) assert.deepEqual(now, before[i]);
    }
  }
  assert.ok(await pings.noneLost() > 300);
});

scenario("the daemon follows addresses that come into a prefix and leave it", async (world) => {
  const { host } = world;
  await using _daemon = await Daemon.start(host, wide);
  await using pings = await Pings.start(world);
  await addMixed(world);
  for (const family of families) {
    await eventually(async () =>
      assert.deepEqual(await waysOut(world, family), ["em1", "em2", "em1", "em1", "em2", "em1"])
    );
  }
  for (const family of families) {
    const { own, second, inside } = mixed[family], full = family === "IPv4" ? 32 : 128;
    await host.batch([
      `address delete ${second}/${full} dev em2`,
      `address delete ${inside}/${full} dev br0`,
      ...own.map((ip) => `address delete ${ip}/${family === "IPv4" ? 16 : 64} dev em1`),
    ]);
    await eventually(async () => assert.deepEqual(await sourceRules(host, family), prefixRules[family]));
  }
  assert.ok(await pings.noneLost() > 20);
});

scenario("what another program takes away of them comes back", async ({ host }) => {
  await using _daemon = await Daemon.start(host, wide);
  for (const family of families) {
    await host.batch([`rule delete ${prefixRules[family][0]}`], family);
    await eventually(async () => assert.deepEqual(await sourceRules(host, family), prefixRules[family]));
  }
});

scenario("--dry-run prints them as ip commands, and takes the others back", async ({ host }) => {
  await once(host);
  const { code, stdout } = await symrouted(host, ["--dry-run", ...wide]);
  assert.equal(code, 3);
  assert.match(stdout, /^ip rule add from 10\.0\.0\.0\/16 iif lo lookup 1002 priority 27200 protocol 115$/m);
  assert.match(stdout, /^ip -6 rule del from 2001:db8:2::2 lookup 1003 priority 27200 protocol 115$/m);
  await host.must(["sh", "-eu"], { stdin: stdout });
  for (const family of families) assert.deepEqual(await sourceRules(host, family), prefixRules[family]);
  assert.match(await once(host, wide), /nothing to do/);
  await once(host);
  for (const family of families) assert.deepEqual(await sourceRules(host, family), addressRules[family]);
});

for (const options of [[], wide]) {
  scenario(`--flush ${options.join(" ")} removes both kinds`, async ({ host }) => {
    const before = await state(host);
    await once(host, wide);
    for (const family of families) {
      await host.batch(
        addressRules[family].map((rule) => `rule add ${rule} priority 27200 protocol 115`),
        family,
      );
    }
    if (options.length === 0) await flush(host);
    else assert.equal((await symrouted(host, ["--flush", ...options])).code, 0);
    assert.equal(await state(host), before);
  });
}

scenario("forwarded packets whose source lies in a prefix are not steered", async ({ host }) => {
  await host.sysctl({ "ipv4/ip_forward": 1 });
  await host.batch(["link add br0 type bridge", "link set br0 up", "address add 172.30.0.1/16 dev br0"]);
  await once(host, wide);
  const route = await host.ip("route get 203.0.113.9 from 192.168.0.99 iif br0");
  assert.match(route, /via 10\.0\.0\.1 dev em1/, "as main says");
  assert.ok((await rules(host, "IPv4")).some((rule) => rule.includes("from 192.168.0.0/24 iif lo")));
});

scenario("another word than the two is bad usage", async ({ host }) => {
  const { code, stdout, stderr } = await symrouted(host, ["--once", "--rules", "per-host"]);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.deepEqual(lines(stderr), [
    "symrouted: --rules: per-host is none of per-address, per-prefix (see --help)",
  ]);
});
