// The daemon follows addresses: they arrive, go, and are replaced by others.

import assert from "node:assert/strict";
import { assertBroken, assertCured, routes, sourceRules } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario, scenarios } from "../lab/scenario.ts";
import { Daemon } from "../lab/symrouted.ts";
import { hostLines } from "../lab/world.ts";

scenarios("an uplink's first address arrives", async (world, family) => {
  const { address, gateway } = world.uplink(2)[family];
  await using _daemon = await Daemon.start(world.host);
  assert.deepEqual(await routes(world.host, 1003, family), []);
  await world.host.batch(hostLines(world.uplink(2), { families: [family] }));
  await eventually(async () => {
    assert.ok((await sourceRules(world.host, family)).includes(`from ${address} lookup 1003`));
    assert.match((await routes(world.host, 1003, family)).join("\n"), new RegExp(`default via ${gateway} `));
  });
  await assertCured(world, family);
}, { bare: [2] });

scenarios("an uplink's only address goes, and its rule and table with it", async (world, family) => {
  const { address, length } = world.uplink(2)[family];
  await assertBroken(world, family);
  await using _daemon = await Daemon.start(world.host);
  await assertCured(world, family);
  const others = (await sourceRules(world.host, family)).filter((rule) => !rule.includes("1003"));
  await world.host.ip(`address delete ${address}/${length} dev em2`);
  // IPv6 keeps the default route of an address that went; nothing may be left once that went too.
  if (family === "IPv6") await world.host.ip("-6 route delete default dev em2");
  await eventually(async () => {
    assert.deepEqual(await sourceRules(world.host, family), others);
    assert.deepEqual(await routes(world.host, 1003, family), []);
  });
});

scenarios("an address is replaced by another", async (world, family) => {
  const uplink = world.uplink(2);
  const { address, length } = uplink[family];
  const other = address.replace(/2$/, "33");
  await using _daemon = await Daemon.start(world.host);
  await world.host.ip(`address delete ${address}/${length} dev em2`);
  // IPv6 keeps the default route of an address that went.
  if (family === "IPv6") await world.host.ip("-6 route delete default dev em2");
  uplink[family].address = other;
  await world.host.batch(hostLines(uplink, { families: [family] }));
  await eventually(async () => {
    const found = await sourceRules(world.host, family);
    assert.ok(found.includes(`from ${other} lookup 1003`), found.join("\n"));
    assert.ok(!found.includes(`from ${address} lookup 1003`), found.join("\n"));
  });
  await eventually(() => assertCured(world, family));
});

scenarios("a second address of the same prefix comes and goes", async (world, family) => {
  const { address, length } = world.uplink(2)[family];
  const second = address.replace(/2$/, "44");
  await using _daemon = await Daemon.start(world.host);
  const before = await routes(world.host, 1003, family);
  await world.host.ip(
    `address add ${second}/${length} dev em2 metric 106${family === "IPv6" ? " nodad" : ""}`,
  );
  await eventually(async () => {
    assert.ok((await sourceRules(world.host, family)).includes(`from ${second} lookup 1003`));
  });
  await world.host.ip(`address delete ${second}/${length} dev em2`);
  await eventually(async () => {
    assert.ok(!(await sourceRules(world.host, family)).includes(`from ${second} lookup 1003`));
    assert.deepEqual(await routes(world.host, 1003, family), before);
  });
  await assertCured(world, family);
});

scenario("IPv4: with the first address of a prefix its secondaries go too", async (world) => {
  await world.host.ip("address add 192.168.0.55/24 dev em2 metric 106");
  await using _daemon = await Daemon.start(world.host);
  await world.host.ip("address delete 192.168.0.2/24 dev em2");
  await eventually(async () => {
    assert.deepEqual(await sourceRules(world.host, "IPv4"), ["from 10.0.0.2 lookup 1002"]);
    assert.deepEqual(await routes(world.host, 1003, "IPv4"), []);
  });
});

scenario(
  "an address that another host has already (dadfailed) gets no rule, until it is free",
  async (world) => {
    const { host } = world;
    const { router } = world.uplink(2);
    await host.sysctl({ "ipv6/conf/em2/accept_dad": 1, "ipv6/conf/em2/dad_transmits": 1 });
    await router.ip("address add 2001:db8:2::66/64 dev host nodad");
    await using _daemon = await Daemon.start(host);
    await host.ip("address add 2001:db8:2::66/64 dev em2");
    await eventually(async () => assert.match(await host.ip("address show dev em2"), /::66\/64 .*dadfailed/));
    await host.ip("address add 2001:db8:2::67/64 dev em2");
    await eventually(async () => {
      assert.ok((await sourceRules(host, "IPv6")).includes("from 2001:db8:2::67 lookup 1003"));
    });
    assert.ok(!(await sourceRules(host, "IPv6")).includes("from 2001:db8:2::66 lookup 1003"));
    assert.doesNotMatch(await host.ip("address show dev em2 tentative"), /::67\//);
  },
);

scenario("a deprecated address keeps its rule", async (world) => {
  await using _daemon = await Daemon.start(world.host);
  await world.host.ip("address change 2001:db8:2::2/64 dev em2 preferred_lft 0");
  await world.host.ip("address add 2001:db8:2::3/64 dev em2 nodad");
  await eventually(async () => {
    assert.ok((await sourceRules(world.host, "IPv6")).includes("from 2001:db8:2::3 lookup 1003"));
  });
  assert.ok((await sourceRules(world.host, "IPv6")).includes("from 2001:db8:2::2 lookup 1003"));
  await assertCured(world, "IPv6");
});
