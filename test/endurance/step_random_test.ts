// At no moment a wrong answer, whatever happens to main: random bursts of changes, which the daemon follows one change at
// a time. SEED=N repeats a run.

import { families, type Family, flag } from "../lab/addressing.ts";
import { crowdedHost } from "../lab/crowded.ts";
import type { Namespace } from "../lab/netns.ts";
import { run } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { SteppedDaemon } from "../lab/steps.ts";
import { Random, runSeed } from "../model/random.ts";

const BURSTS = 15;

/** Of one family: prefixes within prefixes, and ways out. */
interface Pool {
  prefixes: string[];
  ways: string[];
  /** Second addresses, each with its device. */
  addresses: string[];
}

const bans = ["unreachable", "blackhole", "prohibit", "throw"];
const pools: Record<Family, Pool> = {
  IPv4: {
    prefixes: [
      "default",
      "198.0.0.0/8",
      "198.51.0.0/16",
      "198.51.100.0/24",
      "198.51.100.128/25",
      "198.51.100.200",
    ],
    ways: [
      ...[
        "via 10.0.0.1 dev em1",
        "via 10.0.0.9 dev em1",
        "via 192.168.0.1 dev em2",
        "via 192.168.0.9 dev em2",
      ],
      ...["via 172.19.0.1 dev em3", "via 172.30.0.9 dev br0", "via 172.20.0.9 dev lan", "dev em2"],
      ...["via 10.0.0.1 dev em1 src 192.168.0.2", "nexthop via 10.0.0.1 nexthop via 192.168.0.1"],
    ],
    addresses: [
      "10.0.0.3/16 dev em1",
      "10.0.0.4/16 dev em1",
      "192.168.0.4/24 dev em2",
      "172.19.0.4/24 dev em3",
    ],
  },
  IPv6: {
    prefixes: [
      "default",
      "2001:db8:f000::/36",
      "2001:db8:f100::/40",
      "2001:db8:f1f0::/44",
      "2001:db8:f1f0::8",
    ],
    ways: [
      ...["via 2001:db8:1::1 dev em1", "via 2001:db8:1::9 dev em1", "via 2001:db8:2::1 dev em2", "dev em2"],
      ...["via 2001:db8:3::1 dev em3", "via 2001:db8:b0::9 dev br0", "via 2001:db8:a0::9 dev lan"],
      ...["nexthop via 2001:db8:1::1 nexthop via 2001:db8:2::1"],
    ],
    addresses: ["2001:db8:1::4/64 dev em1", "2001:db8:2::3/64 dev em2", "2001:db8:3::4/64 dev em3"],
  },
};

isolatedTest(`${BURSTS} random bursts: at no moment a wrong answer`, async () => {
  const seed = runSeed(), random = new Random(seed);
  await using world = await crowdedHost();
  const { host } = world;
  await using daemon = await SteppedDaemon.start(host);
  const done: string[] = [];
  try {
    for (let burst = 0; burst < BURSTS; burst++) {
      const bursts = families.map((family) => ({ family, lines: randomChanges(random, family) }));
      const forwards = random.chance(20) ? random.int(2) : undefined;
      done.push(JSON.stringify([...bursts, { forwards }]));
      await daemon.follow(async () => {
        for (const { family, lines } of bursts) await attempt(host, family, lines);
        if (forwards === undefined) return;
        await host.sysctl({ "ipv4/ip_forward": forwards, "ipv6/conf/all/forwarding": forwards });
      });
    }
  } catch (error) {
    throw new Error(`SEED=${seed}, after\n${done.join("\n")}`, { cause: error });
  }
});

/** Some of it cannot be done, such as to delete what is not there. */
async function attempt(host: Namespace, family: Family, lines: string[]): Promise<void> {
  const command = ["ip", "-n", host.name, flag(family), "-force", "-batch", "-"];
  await run(command, { stdin: lines.join("\n") + "\n" });
}

function randomChanges(random: Random, family: Family): string[] {
  return Array.from({ length: random.int(12) }, () => randomChange(random, family));
}

function randomChange(random: Random, family: Family): string {
  const { prefixes, ways, addresses } = pools[family];
  const prefix = random.pick(prefixes);
  const rank = random.pick(["", " metric 10", " metric 50", " metric 4000"]);
  const verbs = ["add", "replace", "append", ...(family === "IPv4" ? ["prepend"] : [])];
  switch (random.int(8)) {
    case 0:
      return `address ${random.pick(["add", "delete"])} ${random.pick(addresses)}`;
    case 1:
      return `route ${random.pick(["add", "replace"])} ${random.pick(bans)} ${prefix}${rank}`;
    case 2:
    case 3:
      return `route delete ${prefix}${rank}`;
    default:
      return `route ${random.pick(verbs)} ${prefix} ${random.pick(ways)}${rank}`;
  }
}
