// IPv6: when sockets are made to ask for their way anew: where a table takes what main has answered for.

import assert from "node:assert/strict";
import { decide, type Wish } from "../model/decide.ts";
import { readWorld } from "../model/world.ts";

const own = "2001:db8:3::/64 dev em2 metric 256";
const way = "default via fe80::3 dev em2 metric 9";
const ways = `${way}\ndefault via fe80::1 dev em1 metric 5`;

/** How the rules of em2's table come and go when main has these routes, and its table those. */
function refreshed(main: string, table: string, wish: Wish = {}): string[] {
  const world = readWorld({
    links: "2: em1 up\n3: em2 up\n6: br0 up kind bridge",
    addresses: "2001:db8:3::2/64 dev em2",
    routes6: `${main}\n${table.replaceAll(/$/gm, " table 1003")}`,
    rules6: "27200: from 2001:db8:3::2 lookup 1003 proto 115",
  });
  return decide(world, wish).commands.filter((command) => command.includes(" rule "));
}

const twin = "from 2001:db8:3::2 lookup 1003 priority 27201 protocol 115";
const cases: [name: string, main: string, table: string, wish: Wish, isRefreshed: boolean][] = [
  ["a default comes into a table without one", `${own}\n${ways}`, own, {}, true],
  [
    "a network comes into a table without a default, and main has a better way",
    `${own}\n2001:db8:7::/64 dev em2 metric 9\n2001:db8:7::/64 via fe80::1 dev em1 metric 5`,
    own,
    {},
    true,
  ],
  ["main sends a network the same way", `${own}\n2001:db8:7::/64 dev em2`, own, {}, false],
  [
    "main bans it too",
    `${own}\n2001:db8:8::/64 via fe80::9 dev em2\nunreachable 2001:db8:7::/64 dev lo`,
    own,
    {},
    false,
  ],
  ["a throw goes", `${own}\n${ways}`, `${own}\n${way}\nthrow 2001:db8:3::7 metric 7`, {}, true],
  [
    "what a throw stood in for is accepted",
    `${own}\n${ways}\n2001:db8:7::/64 via fe80::3 dev em2 metric 7\n2001:db8:7::/64 via fe80::1 dev em1 metric 5`,
    `${own}\n${way}\nthrow 2001:db8:7::/64 metric 7`,
    {},
    true,
  ],
  ["it is closed", own, own, { isolate: true }, true],
  ["a network comes into a table with a default", `${own}\n${ways}`, way, {}, false],
  [
    "a route changes",
    `${own}\n2001:db8:7::/64 dev em2 mtu 1400`,
    `${own}\n2001:db8:7::/64 dev em2`,
    {},
    false,
  ],
  ["what is inside comes", `${own}\n2001:db8:6::/64 dev br0`, own, {}, false],
  ["main is to decide", `${own}\n2001:db8:3::7 via fe80::9 dev em1 metric 7`, own, {}, false],
  ["something goes", own, `${own}\n2001:db8:7::/64 dev em2`, {}, false],
];
for (const [name, main, table, wish, isRefreshed] of cases) {
  Deno.test(`sockets ${isRefreshed ? "ask anew" : "go on as they do"} where ${name}`, () => {
    const expected = isRefreshed ? [`ip -6 rule add ${twin}`, `ip -6 rule del ${twin}`] : [];
    assert.deepEqual(refreshed(main, table, wish), expected);
  });
}
