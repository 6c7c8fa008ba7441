// The daemon follows router advertisements: address and default route arrive, the router resigns, and comes
// back with another prefix.

import assert from "node:assert/strict";
import { assertCured, routes, sourceRules } from "../lab/observe.ts";
import { eventually, run } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";
import { acceptAdvertisements, advertise } from "../lab/servers.ts";
import { Daemon } from "../lab/symrouted.ts";

scenario("IPv6: a router advertises itself and a prefix, and resigns", async (world) => {
  const { host } = world;
  const uplink = world.uplink(2);
  await acceptAdvertisements(host, "em2");
  await using _daemon = await Daemon.start(host);
  const router = await advertise(uplink, { prefix: "2001:db8:2::/64" });
  uplink.IPv6.address = await eventually(async () => {
    const text = await host.ip("-6 -o address show dev em2 scope global -tentative");
    const address = /inet6 ([^/]+)\//.exec(text)?.[1];
    assert.ok(address, "no address yet");
    return address;
  }, { within: 20_000 });
  await eventually(async () => {
    assert.ok((await sourceRules(host, "IPv6")).includes(`from ${uplink.IPv6.address} lookup 1003`));
    assert.match(await table(), /^default via fe80::\S+ dev em2 proto ra metric 1024 .*pref medium$/m);
    assert.match(await table(), /^2001:db8:2::\/64 dev em2 proto kernel metric 256 /m);
  });
  // Main's routes run out; their mirrors go when those go, and not before.
  assert.match((await routes(host, "main", "IPv6")).join("\n"), / expires /);
  assert.doesNotMatch(await table(), / expires /);
  await assertCured(world, "IPv6");

  // A router that ends says so: its last advertisement has a lifetime of zero.
  await router.stop();
  await eventually(async () => assert.doesNotMatch(await table(), /^default/m), { within: 10_000 });
  assert.ok((await sourceRules(host, "IPv6")).includes(`from ${uplink.IPv6.address} lookup 1003`));

  await advertise(uplink, { prefix: "2001:db8:2::/64" });
  await eventually(async () => assert.match(await table(), /^default via fe80::/m), { within: 20_000 });
  await assertCured(world, "IPv6");

  async function table(): Promise<string> {
    return (await routes(host, 1003, "IPv6")).join("\n");
  }
}, { bare: [2] });

scenario("IPv6: of two routers that advertise themselves the preferred one comes first", async (world) => {
  const { host } = world;
  const uplink = world.uplink(2);
  await uplink.router.batch([
    "link add link host name backup type macvlan mode bridge",
    "link set backup up",
  ]);
  await acceptAdvertisements(host, "em2");
  await using _daemon = await Daemon.start(host);
  await advertise(uplink, { prefix: "2001:db8:2::/64", device: "backup", preference: "low" });
  await advertise(uplink, { prefix: "2001:db8:2::/64", preference: "high" });
  await eventually(async () => {
    const defaults = (await routes(host, 1003, "IPv6")).filter((route) => route.startsWith("default"));
    assert.equal(defaults.length, 2, defaults.join("\n"));
    const [high, low] = ["high", "low"].map((preference) => {
      const found = defaults.find((route) => route.endsWith(`pref ${preference}`));
      return Number(/ metric (\d+) /.exec(found ?? "")?.[1]);
    });
    assert.ok(high < low, defaults.join("\n"));
  }, { within: 20_000 });
  // At one metric they would be one multipath route, and the backup's firewall would get half of the replies.
  const own = (await sourceRules(host, "IPv6")).find((rule) => rule.endsWith(" 1003"))!.split(" ")[1];
  const gateways = new Set<string>();
  for (let i = 0; i < 16; i++) {
    gateways.add(/ via (\S+) /.exec(await host.ip(`route get 2001:db8:c::${i} from ${own}`))![1]);
  }
  const preferred = (await routes(host, 1003, "IPv6")).find((route) => route.endsWith("pref high"))!;
  assert.deepEqual([...gateways], [/ via (\S+) /.exec(preferred)![1]]);
}, { bare: [2], skip: await lacksMacvlan() });

/** The loopback device carries no macvlan; a kernel without them says so first. */
async function lacksMacvlan(): Promise<string | undefined> {
  const { stderr } = await run(["ip", "link", "add", "link", "lo", "name", "probe", "type", "macvlan"]);
  return /Unknown device type/.test(stderr) ? "the kernel has no macvlan" : undefined;
}
