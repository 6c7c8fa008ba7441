// Routes by next hop objects: single ones, groups, resilient groups; replaced in place, deleted, shared by many routes; where
// the kernel tells of them within their routes, and where it tells of their numbers alone (nexthop_compat_mode 0).

import assert from "node:assert/strict";
import { type Family, flag } from "../../lab/addressing.ts";
import type { Namespace } from "../../lab/netns.ts";
import { assertBroken, assertCured, lines } from "../../lab/observe.ts";
import { eventually } from "../../lab/process.ts";
import { scenario, scenarios } from "../../lab/scenario.ts";
import { Daemon, symrouted } from "../../lab/symrouted.ts";
import type { World } from "../../lab/world.ts";

/** Where the routes lead to: one for each object. */
const prefixes: Record<Family, (number: number) => string> = {
  IPv4: (number) => `198.${18 + (number >> 8)}.${number & 255}.0/24`,
  IPv6: (number) => `2001:db8:f0:${number.toString(16)}::/64`,
};

for (const compat of [1, 0]) {
  const told = compat ? "" : ", told of by their numbers alone";
  const name = (what: string) => `next hop objects${told}: ${what}`;

  scenarios(
    name("single, group, resilient group, blackhole, replaced in place, deleted"),
    async (world, family) => {
      const { host } = world;
      await host.sysctl({ "ipv4/nexthop_compat_mode": compat });
      const [one, two] = world.uplinks.map((uplink) => uplink[family].gateway);
      // IPv6 takes a next hop but once.
      const twice = (way: string, weights: number[]) =>
        family === "IPv6" ? [way] : weights.map((weight) => `${way} ${weight}`);
      const other = one.replace(/1$/, "9"), route = prefixes[family];
      // A group has no family.
      await host.batch([
        `nexthop add id 1 via ${one} dev em1`,
        `nexthop add id 2 via ${two} dev em2`,
        `nexthop add id 3 via ${other} dev em1`,
        "nexthop add id 10 group 1,3/2/3,5",
        "nexthop add id 11 group 1/2 type resilient buckets 8",
      ]);
      await host.ip(`${flag(family)} nexthop add id 12 blackhole`);
      await host.batch([1, 2, 10, 11].map((id) => `route add ${route(id)} nhid ${id}`), family);
      const daemon = await Daemon.start(host);
      await assertBehind([
        { 1: [`${one} em1`], 10: [`${one} em1 3`, `${other} em1 5`], 11: [`${one} em1`] },
        { 2: [`${two} em2`], 10: [`${two} em2`], 11: [`${two} em2`] },
      ]);
      // A route that comes later, and a ban.
      await host.batch([`route add ${route(3)} nhid 3`, `route add ${route(12)} nhid 12`], family);
      await assertBehind([
        {
          1: [`${one} em1`],
          3: [`${other} em1`],
          10: [`${one} em1 3`, `${other} em1 5`],
          11: [`${one} em1`],
          12: ["banned"],
        },
        { 2: [`${two} em2`], 10: [`${two} em2`], 11: [`${two} em2`], 12: ["banned"] },
      ]);
      await host.ip(`nexthop replace id 1 via ${other} dev em1`);
      await assertBehind([
        {
          1: [`${other} em1`],
          3: [`${other} em1`],
          10: twice(`${other} em1`, [3, 5]),
          11: [`${other} em1`],
          12: ["banned"],
        },
        { 2: [`${two} em2`], 10: [`${two} em2`], 11: [`${two} em2`], 12: ["banned"] },
      ]);
      // From one uplink to the other.
      await host.ip(`nexthop replace id 1 via ${two} dev em2`);
      await host.ip("nexthop replace id 10 group 2/3");
      await assertBehind([
        { 3: [`${other} em1`], 10: [`${other} em1`], 12: ["banned"] },
        {
          1: [`${two} em2`],
          2: [`${two} em2`],
          10: [`${two} em2`],
          11: twice(`${two} em2`, [1, 1]),
          12: ["banned"],
        },
      ]);
      await assertNothingLeft(world);
      await host.ip("nexthop delete id 2");
      await assertBehind([
        { 3: [`${other} em1`], 10: [`${other} em1`], 12: ["banned"] },
        { 1: [`${two} em2`], 11: [`${two} em2`], 12: ["banned"] },
      ]);
      for (const id of [1, 3, 12]) await host.ip(`nexthop delete id ${id}`);
      await assertBehind([{}, {}]);
      await assertCured(world, family);
      assert.equal(await daemon.stop(), 0);

      function assertBehind(expected: Record<number, string[]>[]): Promise<void> {
        return eventually(async () => {
          for (const [which, { table }] of world.uplinks.entries()) {
            const found: Record<number, string[]> = {};
            for (const id of [1, 2, 3, 10, 11, 12]) {
              const ways = await waysOf(world, { family, table, prefix: route(id) });
              if (ways.length > 0) found[id] = ways;
            }
            assert.deepEqual(found, expected[which], `em${which + 1}`);
          }
        }, { every: 50 });
      }
    },
  );

  scenarios(name("defaults lead by them, one to a gateway of the other family"), async (world, family) => {
    const { host } = world, [first, second] = world.uplinks;
    await host.sysctl({ "ipv4/nexthop_compat_mode": compat });
    const { router } = second;
    await router.ip("address add fe80::7/64 dev host nodad");
    await host.batch([
      `nexthop add id 1 via ${first[family].gateway} dev em1`,
      "nexthop add id 2 via fe80::7 dev em2",
    ]);
    // In IPv6 one that is named by its interface may be one that has an object.
    await host.batch(world.uplinks.map(({ device }) => `route delete default dev ${device}`), family);
    await host.batch([1, 2].map((id) => `route add default nhid ${id} metric ${id}`), family);
    await assertBroken(world, family);
    await using _daemon = await Daemon.start(host);
    await assertCured(world, family);
    await assertNothingLeft(world);
  });

  scenario(`IPv4: ${name("one that the second of two equal routes uses is replaced")}`, async (world) => {
    const { host } = world, [, two] = world.uplinks;
    await host.sysctl({ "ipv4/nexthop_compat_mode": compat });
    const route = prefixes.IPv4(1), { gateway } = two.IPv4;
    await host.batch([
      `nexthop add id 1 via ${gateway} dev em2`,
      `route add prohibit ${route}`,
      `route append ${route} nhid 1`,
    ]);
    await using _daemon = await Daemon.start(host);
    await host.ip(`nexthop replace id 1 via ${gateway.replace(/1$/, "9")} dev em2`);
    await eventually(async () =>
      assert.deepEqual(await waysOf(world, { family: "IPv4", table: two.table, prefix: route }), [
        `${gateway.replace(/1$/, "9")} em2`,
      ])
    );
    await assertNothingLeft(world);
  });

  scenarios(
    name("one that 10,000 routes share is replaced, and deleted"),
    async ({ host, uplinks }, family) => {
      await host.sysctl({ "ipv4/nexthop_compat_mode": compat });
      const [one, two] = uplinks.map((uplink) => uplink[family].gateway);
      const route = prefixes[family], count = 10_000;
      await host.ip(`nexthop add id 1 via ${one} dev em1`);
      await host.batch(Array.from({ length: count }, (_, i) => `route add ${route(i)} nhid 1`), family);
      await using _daemon = await Daemon.start(host);
      await assertShared([count, 0]);
      await host.ip(`nexthop replace id 1 via ${one.replace(/1$/, "9")} dev em1`);
      await assertShared([count, 0], one.replace(/1$/, "9"));
      await host.ip(`nexthop replace id 1 via ${two} dev em2`);
      await assertShared([0, count], two);
      await host.ip("nexthop delete id 1");
      await assertShared([0, 0]);

      function assertShared(counts: number[], gateway = one): Promise<void> {
        return eventually(async () => {
          const found = await Promise.all(
            uplinks.map(({ table }) => behind(host, { family, table, gateway })),
          );
          assert.deepEqual(found, counts);
        }, { within: 15_000, every: 100 });
      }
    },
  );
}

/** A fresh look, which reads all of it anew, finds nothing to do. */
function assertNothingLeft({ host }: World): Promise<void> {
  return eventually(async () => {
    const { code, stdout } = await symrouted(host, ["--dry-run"]);
    assert.equal(code, 0, stdout);
  });
}

/** How many of the routes to the many prefixes lead by a gateway. */
async function behind(
  host: Namespace,
  { family, table, gateway }: { family: Family; table: number; gateway: string },
): Promise<number> {
  const { stdout } = await host.run(["ip", flag(family), "route", "show", "table", `${table}`]);
  return lines(stdout).filter((line) =>
    /^(198\.|2001:db8:f0:)/.test(line) && line.includes(`via ${gateway} `)
  ).length;
}

/** Each next hop that a table has for a prefix, as gateway, device and weight. */
async function waysOf(
  { host }: World,
  { family, table, prefix }: { family: Family; table: number; prefix: string },
): Promise<string[]> {
  const { stdout } = await host.run([
    "ip",
    "-oneline",
    flag(family),
    "route",
    "show",
    "table",
    `${table}`,
    prefix,
  ]);
  if (/^blackhole/.test(stdout)) return ["banned"];
  return [...stdout.matchAll(/via (\S+) dev (\S+)(?:[^n]*? weight (\d+))?/g)].map(([, ...words]) =>
    words.filter((word) => word).join(" ")
  ).sort();
}
