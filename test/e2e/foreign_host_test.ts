// Routing daemons, clouds' helpers and container networks that bring rules and tables of their own.

import assert from "node:assert/strict";
import { families } from "../lab/addressing.ts";
import { settledState, wholeState } from "../lab/foreign.ts";
import { Namespace } from "../lab/netns.ts";
import { eventually } from "../lab/process.ts";
import { awsVpcCni, calico, cilium, docker } from "../lab/programs/containers.ts";
import { Running, together } from "../lab/programs/program.ts";
import { ec2NetUtils, frr, keepalived, lookalikes, mwan3, pbr } from "../lab/programs/routers.ts";
import { mullvad, netbird, networkManager, tailscale, wgQuick, wgQuickSplit } from "../lab/programs/vpns.ts";
import { lacksTun, scenario } from "../lab/scenario.ts";
import { assertAnswers, flush, stays } from "../lab/stays.ts";
import { Daemon } from "../lab/symrouted.ts";

const skip = await lacksTun();
const hosts = [docker, awsVpcCni, cilium, frr, keepalived, ec2NetUtils, mwan3, pbr, lookalikes];
// Those that leave their priorities to the kernel come first: later they would stand in front of all others.
const vpns = [wgQuick, wgQuickSplit, mullvad, networkManager, tailscale, netbird];

for (const program of hosts) stays(program);
stays(calico, { skip });
stays(together("all that there are at once", [...vpns, calico, ...hosts]), { skip });

scenario("a container of Docker's reaches every uplink's address as before", async (world) => {
  const { host } = world;
  const [container] = await Namespace.create(["container"]);
  await using _container = container;
  await container.sysctl({ "ipv6/conf/default/accept_dad": 0 });
  await Running.start(host, {
    ...docker,
    links: [...docker.links!, `link set veth1-in netns ${container.name}`],
  });
  await container.batch([
    "link set veth1-in name eth0",
    "link set eth0 up",
    "address add 172.17.0.2/16 dev eth0",
    "address add fd00:d0::2/64 dev eth0 nodad",
    "route add default via 172.17.0.1",
    "route add default via fd00:d0::1",
  ]);
  await eventually(assertReaches);
  const before = await settledState(host);
  const daemon = await Daemon.start(host);
  await assertReaches();
  await assertAnswers(world);
  await flush(world, daemon);
  await assertReaches();
  assert.deepEqual(await wholeState(host), before);

  async function assertReaches(): Promise<void> {
    const addresses = world.uplinks.flatMap((uplink) => families.map((family) => uplink[family].address));
    const codes = await Promise.all(addresses.map(async (address) => {
      const { code } = await container.run(["ping", "-n", "-c1", "-W1", address]);
      return code;
    }));
    assert.deepEqual(codes, addresses.map(() => 0), addresses.join(" "));
  }
});
