// What the kernel changes without telling, or tells otherwise than its dumps do: the daemon comes to see it all the same.

import assert from "node:assert/strict";
import { eventually } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";
import { Daemon, symrouted } from "../lab/symrouted.ts";

interface Case {
  readonly name: string;
  /** What is there when the daemon starts, beside the usual world. */
  readonly before?: readonly string[];
  /** What happens while it looks away, so that it hears of all of it at once. */
  readonly events: readonly string[];
  /** Whether em2's carrier is lost then. */
  readonly cut?: boolean;
}

const source4 = "route append 198.51.100.0/24 via 10.0.0.1 dev em1 src 192.168.0.44";
const source6 = "route append 2001:db8:f0::/48 dev em1 src 2001:db8:2::44";
const [first, second] = [
  "2001:db8:f0::/48 via fe80::1 dev em1 src 2001:db8:1::2",
  "2001:db8:f0::/48 via fe80::9 dev em2 proto bird",
];

const cases: readonly Case[] = [
  {
    name: "IPv4: a route's source goes and comes back at once: the route has gone",
    before: ["address add 192.168.0.44/24 dev em2", source4],
    events: ["address del 192.168.0.44/24 dev em2", "address add 192.168.0.44/24 dev em2"],
  },
  {
    name: "IPv6: a route comes, and its source goes: the route has none any more",
    before: ["address add 2001:db8:2::44/64 dev em2 nodad"],
    events: [source6, "address del 2001:db8:2::44/64 dev em2"],
  },
  {
    name: "IPv6: a route's source goes and comes back at once: the route has none any more",
    before: ["address add 2001:db8:2::44/64 dev em2 nodad", source6],
    events: ["address del 2001:db8:2::44/64 dev em2", "address add 2001:db8:2::44/64 dev em2 nodad"],
  },
  {
    name: "IPv6: a sibling that differs from the first joins it",
    before: [`route append ${first}`],
    events: [`route append ${second}`],
  },
  {
    name: "IPv6: of two siblings that differ the first goes",
    before: [`route append ${first}`, `route append ${second}`],
    events: [`route del ${first}`],
  },
  {
    name: "IPv4: an AnyIP route goes with the last address of its interface",
    before: ["route add local 203.0.113.64/28 dev em2 proto 66"],
    events: [
      "address del 192.168.0.2/24 dev em2",
      "address add 192.168.0.2/24 dev em2",
      "route add default via 192.168.0.1 dev em2 metric 106",
    ],
  },
  ...(["IPv4", "IPv6"] as const).flatMap((family): Case[] => {
    const [prefix, one, other] = family === "IPv4"
      ? ["203.0.113.64/28", "10.0.0.1", "192.168.0.1"]
      : ["2001:db8:f0::/48", "2001:db8:1::1", "2001:db8:2::1"];
    const objects = [`nexthop add id 1 via ${one} dev em1`, `nexthop add id 2 via ${other} dev em2`];
    return [
      {
        name: `${family}: a next hop object goes with its carrier, and its route`,
        before: [...objects, `route add ${prefix} nhid 2`],
        events: [],
        cut: true,
      },
      {
        name: `${family}: a group of next hop objects loses the one whose carrier is lost`,
        before: [...objects, "nexthop add id 3 group 1/2", `route add ${prefix} nhid 3`],
        events: [],
        cut: true,
      },
    ];
  }),
];

for (const { name, before = [], events, cut } of cases) {
  scenario(name, async (world) => {
    const { host } = world;
    await host.batch([...before]);
    await using daemon = await Daemon.start(host);
    daemon.process.signal("SIGSTOP");
    await host.batch([...events]);
    if (cut) {
      await world.uplink(2).router.ip("link set host down");
      await eventually(async () => assert.match(await host.ip("link show em2"), /NO-CARRIER/));
    }
    daemon.process.signal("SIGCONT");
    // A fresh look is what `--dry-run` takes.
    await eventually(async () => {
      const { code, stdout } = await symrouted(host, ["--dry-run"]);
      assert.equal(code, 0, stdout);
    }, { within: 10_000 });
    assert.equal(await daemon.stop(), 0);
  });
}
