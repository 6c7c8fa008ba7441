// Both managers that hosts have, each as it comes, with two uplinks whose addresses are leased: symmetric after boot, after
// a lease that changes, after what an administrator does, and after a new start of the manager.

import assert from "node:assert/strict";
import { families } from "../lab/addressing.ts";
import { Monitor } from "../lab/monitor.ts";
import { answersPing, sourceRules } from "../lab/observe.ts";
import { type LeasedHost, leasedTest, type ManagerName, managers } from "./leases.ts";
import { configured, restart } from "./networkd.ts";
import { lostWhile } from "./pings.ts";

const names = Object.keys(managers) as ManagerName[];

for (const manager of names) {
  leasedTest("without symrouted not every address answers", manager, async (host) => {
    const addresses = await host.addresses();
    const answered = await Promise.all(addresses.map((address) => answersPing(host.world, address)));
    assert.ok(answered.includes(false), `all answer: ${addresses}`);
  }, { started: false });

  leasedTest("symmetric after boot", manager, async ({ world }) => {
    for (const family of families) assert.ok((await sourceRules(world.host, family)).length >= 2);
  });

  leasedTest("another address is leased, and another prefix advertised", manager, async (host) => {
    await host.changeLeases("192.168.0.70");
    await host.assertSymmetric();
    const rules = (await Promise.all(families.map((family) => sourceRules(host.world.host, family)))).flat();
    assert.ok(rules.includes("from 192.168.0.70 lookup 1003"));
    assert.ok(!rules.some((rule) => rule.includes("192.168.0.2 ")), "the old address has a rule");
    assert.ok(rules.some((rule) => /from 2001:db8:22:\S+ lookup 1003/.test(rule)));
  });
}

/** What an administrator does, and awaits. */
const actions: [ManagerName, string, (host: LeasedHost) => Promise<unknown>][] = [
  [
    "systemd-networkd",
    "`networkctl reload` after a change",
    ({ machine }) =>
      configured(machine, async () => {
        await machine.write(
          "/etc/systemd/network/uplinks.network.d/more.conf",
          "[Network]\nDescription=changed\n",
        );
        await machine.must(["networkctl", "reload"]);
      }),
  ],
  ["systemd-networkd", "it starts again", ({ machine }) => restart(machine)],
  ["NetworkManager", "`nmcli connection up`", async ({ machine }) => {
    for (const device of ["em1", "em2"]) await machine.must(["nmcli", "connection", "up", device]);
  }],
];

for (const [manager, name, act] of actions) {
  leasedTest(name, manager, async (host) => {
    await act(host);
    await host.assertSymmetric();
  });
}

/** What the README says to somebody who wants nothing lost while systemd-networkd starts again. */
const foreign = {
  "/etc/systemd/networkd.conf.d/symrouted.conf":
    "[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n",
  "/etc/systemd/network/uplinks.network.d/keep.conf": "[Network]\nKeepConfiguration=yes\n",
};

/** Starts a manager again; gives which of symrouted's rules it removes, and how many replies are lost. */
async function restarted(
  host: LeasedHost,
  again: () => Promise<unknown>,
): Promise<{ removed: string[]; lost: number }> {
  const { world } = host;
  for (const uplink of world.uplinks) [uplink.IPv6.address] = await host.leased(uplink, "IPv6");
  await using monitor = await Monitor.start(world.host);
  const counts = await lostWhile(world, async () => void await again());
  const removed = (await monitor.happened()).filter((line) => /^Deleted 27200:.* proto 115/.test(line));
  return { removed, lost: Object.values(counts).reduce((sum, { lost }) => sum + lost, 0) };
}

leasedTest(
  "not told otherwise, it removes symrouted's rules, which come back",
  "systemd-networkd",
  async (host) => {
    const { removed } = await restarted(host, () => restart(host.machine));
    assert.ok(removed.length > 0, "it removes none of symrouted's rules");
    await host.assertSymmetric();
  },
);

leasedTest(
  "told to keep what is there, it removes no rule and no reply is lost",
  "systemd-networkd",
  async (host) => {
    assert.deepEqual(await restarted(host, () => restart(host.machine)), { removed: [], lost: 0 });
    await host.assertSymmetric();
  },
  { files: foreign },
);

leasedTest("it starts again and removes no rule, and no reply is lost", "NetworkManager", async (host) => {
  const again = async () => {
    await host.machine.systemctl("restart NetworkManager");
    await host.machine.must(["nm-online", "--timeout", "20"]);
  };
  assert.deepEqual(await restarted(host, again), { removed: [], lost: 0 });
  await host.assertSymmetric();
});
