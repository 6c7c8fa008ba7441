// Addresses of every kind: which have a rule and answer, and why the others have none.

import assert from "node:assert/strict";
import { client, type Family } from "../../lab/addressing.ts";
import {
  answers,
  assertBroken,
  assertCured,
  lines,
  replyDevice,
  routes,
  sourceRules,
} from "../../lab/observe.ts";
import { eventually } from "../../lab/process.ts";
import { scenario, scenarios } from "../../lab/scenario.ts";
import { acceptAdvertisements, advertise } from "../../lab/servers.ts";
import { Daemon, once, symrouted } from "../../lab/symrouted.ts";
import type { World } from "../../lab/world.ts";

scenarios("several addresses of several prefixes on one uplink all answer", async (world, family) => {
  const { router, near } = sides(world, family, 2);
  const more = family === "IPv4"
    ? ["192.168.0.7/24", "198.18.7.2/24", "198.18.8.2/32"]
    : ["2001:db8:2::7/64", "2001:db8:77::2/64", "2001:db8:88::2/128"];
  const addresses = more.map((prefix) => prefix.split("/")[0]);
  await world.host.batch(
    more.map((prefix) => `address add ${prefix} dev em2 ${family === "IPv6" ? "nodad" : ""}`),
  );
  await router.batch(addresses.slice(1).map((address) => `route add ${address} dev host`));
  await world.client.batch(addresses.slice(1).map((address) => `route add ${address} via ${near} dev up2`));
  for (const address of addresses) {
    assert.equal(await replyDevice(world.host, client[family], address), "em1", "without symrouted");
  }
  await once(world.host);
  for (const address of addresses) {
    assert.ok((await sourceRules(world.host, family)).includes(`from ${address} lookup 1003`));
    assert.equal(await answers(world, address), true, address);
  }
  await assertCured(world, family);
});

scenarios(
  "two uplinks have the same prefix and the same gateway, on networks of their own",
  async (world, family) => {
    const { host, client: far } = world, [first, second] = world.uplinks;
    const { prefix, length, gateway } = first[family];
    const address = gateway.replace(/1$/, "77");
    await second.router.batch([
      `address add ${gateway}/${length} dev host`,
      `route replace ${address} dev host`,
    ]);
    await host.batch([
      `address add ${address}/${length} dev em2 metric 106 ${family === "IPv6" ? "nodad" : ""}`,
      `route add default via ${gateway} dev em2 metric 107`,
    ]);
    await far.ip(`route add ${address} via ${second[family].near} dev up2`);
    second[family].address = address;
    await assertBroken(world, family);
    await once(host);
    await assertCured(world, family);
    const own = (await routes(host, second.table, family)).filter((route) => route.startsWith(`${prefix} `));
    assert.deepEqual(own.map((route) => / dev (\S+)/.exec(route)?.[1]), ["em2"]);
  },
);

for (const promote of [0, 1]) {
  scenario(`IPv4: an uplink's primary address goes, promote_secondaries is ${promote}`, async (world) => {
    const { host } = world;
    await host.sysctl({ "ipv4/conf/em2/promote_secondaries": promote });
    await host.batch(
      ["192.168.0.7/24", "192.168.0.8/24"].map((one) => `address add ${one} dev em2 metric 106`),
    );
    await using _daemon = await Daemon.start(host);
    await host.ip("address delete 192.168.0.2/24 dev em2");
    const left = promote ? ["192.168.0.7", "192.168.0.8"] : [];
    const wanted = left.map((address) => `from ${address} lookup 1003`);
    await eventually(async () => {
      assert.deepEqual(await sourceRules(host, "IPv4"), ["from 10.0.0.2 lookup 1002", ...wanted]);
      const main = (await routes(host, "main", "IPv4")).filter((route) => route.includes("dev em2"));
      assert.deepEqual(await routes(host, 1003, "IPv4"), main);
    });
    if (!promote) return;
    // The kernel puts the network back, with the next address as its source, and drops the default.
    await host.ip("route replace default via 192.168.0.1 dev em2 metric 106");
    world.uplink(2).IPv4.address = "192.168.0.7";
    await eventually(() => assertCured(world, "IPv4"));
    assert.equal(await answers(world, "192.168.0.8"), true);
  });
}

scenario(
  "IPv6: an address has no rule while it is tentative, and never where another host has it",
  async (world) => {
    const { host } = world;
    await host.sysctl({ "ipv6/conf/em2/accept_dad": 1, "ipv6/conf/em2/dad_transmits": 2 });
    await world.uplink(2).router.ip("address add 2001:db8:2::66/64 dev host nodad");
    await using _daemon = await Daemon.start(host);
    await host.batch(["address add 2001:db8:2::66/64 dev em2", "address add 2001:db8:2::67/64 dev em2"]);
    assert.match(await reason(world, "2001:db8:2::67"), /skipped: duplicate address detection is not over/);
    assert.doesNotMatch((await sourceRules(host, "IPv6")).join(), /::6[67] /);
    await eventually(async () =>
      assert.match(await reason(world, "2001:db8:2::66"), /skipped: another host has it/)
    );
    world.uplink(2).IPv6.address = "2001:db8:2::67";
    await eventually(async () => {
      assert.ok((await sourceRules(host, "IPv6")).includes("from 2001:db8:2::67 lookup 1003"));
    });
    assert.doesNotMatch((await sourceRules(host, "IPv6")).join(), /::66 /);
    await assertCured(world, "IPv6");
  },
);

scenario("IPv6: temporary addresses have rules and answer, as the lasting one does", async (world) => {
  const { host } = world;
  const uplink = world.uplink(2);
  await host.sysctl({ "ipv6/conf/em2/use_tempaddr": 2 });
  await acceptAdvertisements(host, "em2");
  await using _daemon = await Daemon.start(host);
  await advertise(uplink, { prefix: "2001:db8:2::/64" });
  const own = await eventually(async () => {
    const text = await host.ip("-6 -o address show dev em2 scope global -tentative");
    assert.match(text, / temporary /);
    const found = [...text.matchAll(/inet6 ([^/]+)\//g)].map(([, address]) => address);
    assert.equal(found.length, 2);
    return found;
  }, { within: 20_000 });
  for (const address of own) {
    await eventually(async () => {
      assert.ok((await sourceRules(host, "IPv6")).includes(`from ${address} lookup 1003`));
    });
    assert.equal(await answers(world, address), true, address);
  }
}, { bare: [2] });

scenario("IPv4: a link-local address has no rule, and answers its neighbours", async (world) => {
  const { host } = world;
  const { router } = world.uplink(2);
  await host.ip("address add 169.254.1.2/16 dev em2 scope link");
  await router.ip("address add 169.254.1.1/16 dev host scope link");
  await once(host);
  assert.match(await reason(world, "169.254.1.2"), /skipped: its scope is not global/);
  assert.doesNotMatch((await sourceRules(host, "IPv4")).join(), /169\.254/);
  assert.match((await routes(host, 1003, "IPv4")).join("\n"), /^169\.254\.0\.0\/16 dev em2 /m);
  const { code } = await router.run(["ping", "-n", "-c1", "-W1", "169.254.1.2"]);
  assert.equal(code, 0);
  await assertCured(world, "IPv4");
});

scenario("IPv6: a router's anycast addresses have no rule, and all others answer", async (world) => {
  const { host } = world;
  await host.sysctl({ "ipv6/conf/all/forwarding": 1 });
  await host.ip("-6 route add anycast 2001:db8:2::a dev em2");
  await eventually(async () =>
    assert.match(await host.ip("-6 route show table local"), /anycast 2001:db8:2:: dev em2/)
  );
  await once(host);
  assert.deepEqual(
    await sourceRules(host, "IPv6"),
    world.uplinks.map(({ IPv6, table }) => `from ${IPv6.address} lookup ${table}`),
  );
  await assertCured(world, "IPv6");
});

scenarios(
  "a service address on lo or a bridge answers as before, and says why it has no rule",
  async (world, family) => {
    const { host } = world;
    const service = family === "IPv4"
      ? ["198.51.100.1", "198.51.100.2"]
      : ["2001:db8:f0::1", "2001:db8:f0::2"];
    const { near } = sides(world, family, 1);
    const alone = family === "IPv4" ? "32" : "128";
    await host.batch(["link add svc type bridge", "link set svc up"]);
    await host.batch(
      ["lo", "svc"].map((device, i) =>
        `address add ${service[i]}/${alone} dev ${device} ${family === "IPv6" ? "nodad" : ""}`
      ),
    );
    await world.client.batch(service.map((address) => `route add ${address} via ${near} dev up1`));
    for (const address of service) {
      await world.uplink(1).router.ip(`route add ${address} via ${world.uplink(1)[family].address}`);
      assert.equal(await answers(world, address), true, "before");
    }
    await once(host);
    assert.equal((await sourceRules(host, family)).length, 2);
    for (const [i, device] of ["lo", "svc"].entries()) {
      assert.equal(await answers(world, service[i]), true, device);
      const why = `skipped: ${device} is inside: main decides for its addresses`;
      assert.equal(await reason(world, service[i]), `# ${service[i]} (${device}): ${why}`);
    }
    await assertCured(world, family);
  },
);

scenarios("an uplink's address that lo and a bridge have too is the uplink's", async (world, family) => {
  const { host } = world, { address } = world.uplink(2)[family];
  const alone = `${address}/${family === "IPv4" ? "32" : "128"}`;
  await host.batch(["link add svc type bridge", "link set svc up"]);
  await host.batch(
    ["lo", "svc"].map((device) => `address add ${alone} dev ${device} ${family === "IPv6" ? "nodad" : ""}`),
  );
  await using _daemon = await Daemon.start(host);
  assert.ok((await sourceRules(host, family)).includes(`from ${address} lookup 1003`));
  await assertCured(world, family);
  await host.ip(`address delete ${alone} dev svc`);
  await host.ip(`address delete ${alone} dev lo`);
  await eventually(() => assertCured(world, family));
  assert.ok((await sourceRules(host, family)).includes(`from ${address} lookup 1003`));
});

/** What --dry-run says of an address. */
async function reason({ host }: World, address: string): Promise<string> {
  const { stdout } = await symrouted(host, ["--dry-run"]);
  return lines(stdout).filter((line) => line.startsWith(`# ${address} (`)).join("\n");
}

function sides(world: World, family: Family, number: number) {
  const { router, ...both } = world.uplink(number);
  return { router, ...both[family] };
}
