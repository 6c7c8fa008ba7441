// Two network cards in one subnet: without advice each answers ARP for the other; with it each answers for itself.

import assert from "node:assert/strict";
import { Namespace } from "../lab/netns.ts";
import { eventually } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { Daemon, once, symrouted } from "../lab/symrouted.ts";
import { quiet } from "../lab/world.ts";

/** Counts what comes in, or leaves, by the card that does not have the address. */
const COUNTERS = `
table ip seen {
  counter wrong {}
  counter right {}
  chain arrival {
    type filter hook input priority 0;
    iifname "em1" ip daddr 10.0.0.3 counter name wrong
    iifname "em2" ip daddr 10.0.0.2 counter name wrong
  }
  chain departure {
    type filter hook output priority 0;
    oifname "em1" ip saddr 10.0.0.3 counter name wrong
    oifname "em2" ip saddr 10.0.0.2 counter name wrong
    oifname "em1" ip saddr 10.0.0.2 counter name right
    oifname "em2" ip saddr 10.0.0.3 counter name right
  }
}
`;
const ROUNDS = 10;

/** A host with em1 and em2 in one bridge's network, in which a client lives too. */
class OneNetwork implements AsyncDisposable {
  private constructor(readonly host: Namespace, readonly client: Namespace) {}

  static async build(): Promise<OneNetwork> {
    const [host, client] = await Namespace.create(["host", "client"]);
    await Promise.all([host, client].map((each) => each.sysctl({ ...quiet, "ipv4/conf/all/rp_filter": 0 })));
    await client.batch([
      "link set lo up",
      "link add br0 type bridge",
      ...[1, 2].flatMap((number) => [
        `link add port${number} type veth peer name em${number} netns ${host.name}`,
        `link set port${number} master br0`,
        `link set port${number} up`,
      ]),
      "address add 10.0.0.1/24 dev br0",
      "link set br0 up",
    ]);
    await host.batch([
      "link set lo up",
      ...[1, 2].flatMap((number) => [
        `link set em${number} up`,
        `address add 10.0.0.${number + 1}/24 dev em${number}`,
        `route add default via 10.0.0.1 dev em${number} metric ${104 + number}`,
      ]),
    ]);
    await host.nft(COUNTERS);
    return new OneNetwork(host, client);
  }

  /** Pings both addresses, by neighbours that are asked for anew each time; gives what was counted. */
  async ping(): Promise<{ wrong: number; right: number }> {
    await this.host.must(["nft", "reset", "counters"]);
    for (let round = 0; round < ROUNDS; round++) {
      await this.client.ip("neighbour flush dev br0");
      for (const address of ["10.0.0.2", "10.0.0.3"]) {
        await eventually(() => this.client.must(["ping", "-n", "-c1", "-W1", address]));
      }
    }
    const text = await this.host.must(["nft", "list", "counters"]);
    const packets = (name: string) =>
      Number(new RegExp(`counter ${name} \\{\\s*packets (\\d+)`).exec(text)![1]);
    return { wrong: packets("wrong"), right: packets("right") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [this.host, this.client]) await each[Symbol.asyncDispose]();
  }
}

const WARNING =
  /em1 and em2 are in one network, 10\.0\.0\.0\/24, and answer ARP for each other's addresses: .*\(sysctl (.*) ends that\)/;

isolatedTest("two cards in one subnet answer for themselves once the advice is taken", async () => {
  await using world = await OneNetwork.build();
  const { host } = world;
  await once(host);
  const before = await world.ping();
  assert.ok(before.wrong > 0, "without advice something comes in by the wrong card");
  const { stdout } = await symrouted(host, ["--dry-run"]);
  const [, advice] = WARNING.exec(stdout)!;
  assert.match(stdout, /^# em1 and em2 are in one network/m);
  await host.sysctl(Object.fromEntries(
    advice.split(" ").map((setting) => {
      const [name, value] = setting.split("=");
      return [name.replace(/^net\./, "").replaceAll(".", "/"), value];
    }),
  ));
  const after = await world.ping();
  assert.deepEqual([after.wrong, after.right >= 2 * ROUNDS], [0, true]);
  assert.doesNotMatch((await symrouted(host, ["--dry-run"])).stdout, /ARP/);
});

for (const setting of ["arp_ignore", "arp_filter"]) {
  isolatedTest(
    `two cards in one subnet answer for themselves with ${setting} and arp_announce for all`,
    async () => {
      await using world = await OneNetwork.build();
      const { host } = world;
      await once(host);
      await host.sysctl({ [`ipv4/conf/all/${setting}`]: 1, "ipv4/conf/all/arp_announce": 2 });
      assert.equal((await world.ping()).wrong, 0);
      assert.doesNotMatch((await symrouted(host, ["--dry-run"])).stdout, /ARP/);
    },
  );
}

isolatedTest("a daemon warns once, also of what comes later", async () => {
  await using world = await OneNetwork.build();
  const { host } = world;
  await host.ip("address delete 10.0.0.3/24 dev em2");
  await using daemon = await Daemon.start(host);
  const warnings = () => daemon.lines.filter((line) => WARNING.test(line));
  assert.deepEqual(warnings(), []);
  await host.batch(["address add 10.0.0.3/24 dev em2", "route add default via 10.0.0.1 dev em2 metric 106"]);
  await daemon.line(WARNING);
  for (const ip of ["10.9.0.1", "10.9.0.2"]) {
    await host.ip(`address add ${ip}/24 dev em1`);
    await eventually(async () => assert.match(await host.ip("rule show"), new RegExp(`from ${ip} `)));
  }
  assert.equal(warnings().length, 1);
});
