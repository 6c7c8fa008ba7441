// Which established connections a plan cuts: those that have an answer now, and would have none.

import assert from "node:assert/strict";
import { parseIp } from "../../src/model/address.ts";
import type { TcpConnection } from "../../src/model/records.ts";
import { cutConnections } from "../../src/plan/cut.ts";
import { DEFAULTS, type Options } from "../../src/plan/options.ts";
import { plan } from "../../src/plan/plan.ts";
import { readWorld, type WorldText } from "../model/world.ts";

const world: WorldText = {
  links: "2: em1 up\n3: data up\n6: br0 up kind bridge",
  addresses: `
    10.0.0.2/16 dev em1
    10.3.0.2/24 dev data
    172.17.0.1/16 dev br0
    2001:db8:1::2/64 dev em1
    2001:db8:3::2/64 dev data`,
  routes: `
    default via 10.0.0.1 dev em1
    10.0.0.0/16 dev em1 proto kernel scope link
    10.3.0.0/24 dev data proto kernel scope link
    10.9.0.0/24 via 10.0.0.9 dev em1 src 10.3.0.2
    172.17.0.0/16 dev br0 proto kernel scope link
    unreachable 192.0.2.0/24`,
  routes6: `
    default via fe80::1 dev em1 metric 1024
    2001:db8:3::/64 dev data proto kernel metric 256
    2001:db8:7::/48 from 2001:db8:3::/64 via fe80::9 dev data metric 1024
    2001:db8:8::/48 from 2001:db8:9::/64 via fe80::9 dev data metric 1024`,
};

/** Which of these are cut; `local peer` each. */
function cut(pairs: readonly string[], options: Partial<Options> = {}, text = world): string[] {
  const observed = readWorld(text);
  const connections = pairs.map((pair): TcpConnection => {
    const [local, peer] = pair.split(" ");
    return { family: parseIp(local)!.family, local, localPort: 22, peer, peerPort: 50000 };
  });
  const planned = plan(observed, { ...DEFAULTS, isolate: true, ...options });
  return cutConnections(connections, { observed, plan: planned }).map(({ local, peer }) =>
    `${local} ${peer}`
  );
}

const cases: [name: string, pair: string, isCut: boolean][] = [
  ["a client that only management has a route to", "10.3.0.2 203.0.113.9", true],
  ["the same in IPv6", "2001:db8:3::2 2001:db8:c::9", true],
  ["a neighbour", "10.3.0.2 10.3.0.77", false],
  ["management's own client", "10.0.0.2 203.0.113.9", false],
  ["a container", "10.3.0.2 172.17.0.2", false],
  ["one that main has a route with this source to", "10.3.0.2 10.9.0.7", false],
  ["management's neighbour", "10.3.0.2 10.0.0.77", true],
  ["one that main bans already", "10.3.0.2 192.0.2.9", false],
  ["an address of the host's own", "10.3.0.2 10.0.0.2", false],
  ["an address without a rule", "172.17.0.1 203.0.113.9", false],
  ["a loopback", "127.0.0.1 127.0.0.1", false],
  ["one by a route for its source", "2001:db8:3::2 2001:db8:7::9", false],
  ["one whose route is for another source", "2001:db8:3::2 2001:db8:8::9", true],
];
for (const [name, pair, isCut] of cases) {
  Deno.test(`${isCut ? "cut" : "not cut"}: ${name}`, () =>
    assert.deepEqual(cut([pair]), isCut ? [pair] : []));
}

const leaks = "10.3.0.2 203.0.113.9";

Deno.test("nothing is cut without the option, nor what is cut already", () => {
  assert.deepEqual(cut([leaks], { isolate: false }), []);
  const closed = {
    ...world,
    routes: `${world.routes}\nunreachable default table 1003 proto 115 metric 4294967295`,
    rules: "27200: from 10.3.0.2 lookup 1003 proto 115",
  };
  assert.deepEqual(cut([leaks], {}, closed), []);
});

Deno.test("what an option makes of roles is looked at too", () => {
  assert.deepEqual(cut([leaks], { exclude: ["data"] }), []);
  assert.deepEqual(cut(["10.3.0.2 10.0.0.77"], { roles: [{ glob: "em1", role: "inside" }] }), []);
});

Deno.test("an AnyIP prefix stands for every address in it, and the narrower rule comes first", () => {
  const anyIp = {
    ...world,
    routes:
      `${world.routes}\nlocal 10.77.0.0/16 dev em1 table local\nlocal 10.77.7.0/24 dev data table local`,
  };
  assert.deepEqual(cut(["10.77.0.9 203.0.113.9", "10.77.7.9 203.0.113.9", "10.3.0.2 10.77.0.9"], {}, anyIp), [
    "10.77.7.9 203.0.113.9",
  ]);
});
