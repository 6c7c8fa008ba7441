// Every kind of route that Linux has, in main: it is mirrored whole, and goes with main's.

import assert from "node:assert/strict";
import { families, type Family } from "../../lab/addressing.ts";
import { LonelyHost } from "../../lab/lonely.ts";
import type { Namespace } from "../../lab/netns.ts";
import { routes, state } from "../../lab/observe.ts";
import { eventually } from "../../lab/process.ts";
import { isolatedTest } from "../../lab/scenario.ts";
import { Daemon, flush, once, symrouted } from "../../lab/symrouted.ts";

/** Routes as `ip route add` takes them, by em2; none where the family has nothing like it. */
type Case = Record<Family, string[]>;

const [via4, via6] = ["via 192.168.0.1 dev em2", "via 2001:db8:2::1 dev em2"];

const cases: Record<string, Case> = {
  "a plain one": {
    IPv4: [`100.64.0.0/24 ${via4}`],
    IPv6: [`2001:db8:f000::/48 ${via6}`],
  },
  "to one host, without a gateway, and scopes": {
    IPv4: ["100.64.1.1 dev em2", "100.64.1.2 dev em2 scope host", "100.64.1.3 dev em2 scope site"],
    IPv6: ["2001:db8:f001::1 dev em2"],
  },
  "of every protocol": {
    IPv4: ["static", "dhcp", "bird", "77"].map((proto, i) => `100.64.2.${i} ${via4} proto ${proto}`),
    IPv6: ["static", "ra", "bird", "77"].map((proto, i) => `2001:db8:f002::${i} ${via6} proto ${proto}`),
  },
  "with a preferred source": {
    IPv4: [`100.64.3.0/24 ${via4} src 192.168.0.2`],
    IPv6: [`2001:db8:f003::/48 ${via6} src 2001:db8:2::2`],
  },
  "by another uplink with this one's address as its source": {
    IPv4: ["100.64.4.0/24 via 10.0.0.1 dev em1 src 192.168.0.2"],
    IPv6: ["2001:db8:f004::/48 via 2001:db8:1::1 dev em1 src 2001:db8:2::2"],
  },
  "onlink": {
    IPv4: ["100.64.5.0/24 via 198.18.0.1 dev em2 onlink"],
    IPv6: ["2001:db8:f005::/48 via 2001:db8:5555::1 dev em2 onlink"],
  },
  "by a gateway of the other family": {
    IPv4: ["100.64.6.0/24 via inet6 fe80::1 dev em2", "100.64.6.9 via inet6 2001:db8:2::1 dev em2"],
    IPv6: [],
  },
  "that differ in their metric alone, up to the highest": {
    IPv4: ["0", "1", "4294967295"].map((metric) => `100.64.7.0/24 ${via4} metric ${metric}`),
    IPv6: ["1", "2", "4294967295"].map((metric) => `2001:db8:f007::/48 ${via6} metric ${metric}`),
  },
  "of metric 0, which is IPv6's 1024": {
    IPv4: [`100.64.8.0/24 ${via4} metric 0`],
    IPv6: [`2001:db8:f008::/48 ${via6} metric 0`],
  },
  "that differ in their tos alone": {
    IPv4: ["", "tos 0x08", "tos 0x10"].map((tos) => `100.64.9.0/24 ${tos} ${via4}`),
    IPv6: [],
  },
  "with metrics, some of them locked": {
    IPv4: [`100.64.10.0/24 ${via4} mtu lock 1400 advmss 1300 rto_min 300ms initcwnd 20 quickack 1`],
    IPv6: [`2001:db8:f010::/48 ${via6} mtu lock 1400 hoplimit 33 features ecn congctl reno`],
  },
  "with realms": { IPv4: [`100.64.11.0/24 ${via4} realms 3/5`], IPv6: [] },
  "of every preference": {
    IPv4: [],
    IPv6: ["low", "medium", "high"].map((pref, i) => `2001:db8:f012:${i}::/64 ${via6} pref ${pref}`),
  },
  "for one source alone (RTA_SRC)": {
    IPv4: [],
    IPv6: [
      `2001:db8:f013::/48 from 2001:db8:2::/64 ${via6}`,
      `default from 2001:db8:2::/64 ${via6}`,
      `2001:db8:f013::/48 from 2001:db8:2::2 ${via6} metric 7`,
    ],
  },
  "by a gateway that only another route of them reaches": {
    IPv4: ["100.64.14.1 dev em2 scope link", "100.64.0.0/14 via 100.64.14.1 dev em2"],
    IPv6: ["2001:db8:f014::1 dev em2", "2001:db8:e000::/36 via 2001:db8:f014::1 dev em2"],
  },
  "both halves of the world": {
    IPv4: [`0.0.0.0/1 ${via4}`, `128.0.0.0/1 ${via4}`],
    IPv6: [`::/1 ${via6}`, `8000::/1 ${via6}`, `2000::/3 ${via6}`],
  },
  "multicast's": {
    IPv4: ["multicast 239.7.0.0/16 dev em2", "239.8.0.0/16 dev em2"],
    IPv6: ["multicast ff7e::/16 dev em2"],
  },
  "an encapsulation: IPv6 segments": {
    IPv4: ["100.64.18.0/24 encap seg6 mode encap segs 2001:db8:c::1,2001:db8:c::2 dev em2"],
    IPv6: [
      "2001:db8:f018::/48 encap seg6 mode inline segs 2001:db8:c::1 dev em2",
      "2001:db8:f018::7 encap seg6local action End.DX6 nh6 2001:db8:2::9 dev em2",
    ],
  },
  "an encapsulation: a tunnel's key and addresses": {
    IPv4: ["100.64.19.0/24 encap ip id 7 dst 192.168.0.9 ttl 9 dev em2"],
    IPv6: ["2001:db8:f019::/48 encap ip6 id 7 dst 2001:db8:2::9 hoplimit 9 dev em2"],
  },
};

for (const family of families) {
  const wishes = Object.entries(cases).filter(([, { [family]: wanted }]) => wanted.length > 0);

  isolatedTest(
    `${family}: routes of every kind are mirrored as they are, and go with main's`,
    async (test) => {
      await using lonely = await LonelyHost.build();
      const { host } = lonely;
      await using _daemon = await Daemon.start(host);
      const before = await state(host);
      for (const [name, { [family]: wanted }] of wishes) {
        await test.step(name, async () => {
          await change(host, { family, op: "append", wanted });
          await eventually(() => assertAlike(host, family, wanted.length));
          await change(host, { family, op: "delete", wanted: wanted.toReversed() });
          await eventually(async () => assert.equal(await state(host), before));
        });
      }
    },
  );

  isolatedTest(
    `${family}: routes of every kind, all at once: a start mirrors them, a flush takes them`,
    async () => {
      await using lonely = await LonelyHost.build();
      const { host } = lonely;
      const wanted = wishes.flatMap(([, { [family]: routes }]) => routes);
      await change(host, { family, op: "append", wanted });
      const before = await state(host);
      await once(host);
      await assertAlike(host, family, wanted.length);
      const { code, stdout } = await symrouted(host, ["--dry-run"]);
      assert.equal(code, 0, stdout);
      await flush(host);
      assert.equal(await state(host), before);
    },
  );
}

async function change(
  host: Namespace,
  { family, op, wanted }: { family: Family; op: string; wanted: string[] },
): Promise<void> {
  await host.batch(wanted.map((route) => `route ${op} ${route}`), family);
}

/** Asserts that em2's table has main's routes but those of em1 alone, to the letter. */
async function assertAlike(host: Namespace, family: Family, least: number): Promise<void> {
  const source = family === "IPv4" ? " src 192.168.0.2 " : " src 2001:db8:2::2 ";
  const main = (await routes(host, "main", family)).filter((route) =>
    `${route} `.includes(" dev em2 ") || `${route} `.includes(source)
  );
  assert.ok(main.length >= least + 2, main.join("\n"));
  assert.deepEqual(await routes(host, 1003, family), main);
}
