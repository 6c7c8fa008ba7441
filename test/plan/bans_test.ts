// A ban of main holds for every source; main's more specific routes go on piercing it.

import assert from "node:assert/strict";
import { tableOf, type Wish } from "../model/decide.ts";

const links = "2: em1 up\n3: em2 up\n4: data up\n6: br0 up kind bridge";
const addresses = "10.0.0.2/16 dev em1\n10.3.0.2/24 dev em2\n10.4.0.2/24 dev data";
const routes = "default via 10.0.0.1 dev em1\ndefault via 10.3.0.1 dev em2 metric 9";

function table(number: number, more: string, wish: Wish = {}): string[] {
  return tableOf({ links, addresses, routes: `${routes}\n${more}` }, { table: number, ...wish })
    .filter((route) => !route.startsWith("default via"));
}

for (const ban of ["blackhole", "unreachable", "prohibit", "throw"]) {
  Deno.test(`${ban} of main is in every table`, () => {
    const route = `${ban} 10.64.0.0/10`;
    const copied = [`${route} proto static metric 7`];
    assert.deepEqual([1002, 1003, 1004].map((number) => table(number, `${route} proto static metric 7`)), [
      copied,
      copied,
      copied,
    ]);
  });
}

Deno.test("a more specific route that a table lacks gets a throw there, and is a route where it is had", () => {
  const main =
    "unreachable 10.64.0.0/10 proto static\n10.65.0.0/16 via 10.3.0.1 dev em2 proto static metric 3";
  assert.deepEqual(table(1002, main), [
    "throw 10.65.0.0/16 proto 115 metric 3",
    "unreachable 10.64.0.0/10 proto static",
  ]);
  assert.deepEqual(table(1003, main), [
    "10.65.0.0/16 via 10.3.0.1 dev em2 proto static metric 3",
    "unreachable 10.64.0.0/10 proto static",
  ]);
});

Deno.test("every more specific route gets its throw, also one inside another", () => {
  const main = "blackhole 10.0.0.0/8\n10.65.0.0/16 dev em2 scope link\n10.65.1.0/24 dev em2 scope link";
  assert.deepEqual(table(1002, main).map((route) => route.split(" proto")[0]), [
    "throw 10.65.1.0/24",
    "throw 10.65.0.0/16",
    "blackhole 10.0.0.0/8",
  ]);
});

Deno.test("what is inside is shared, and needs no throw", () => {
  const main = "blackhole 172.16.0.0/12\n172.17.0.0/16 dev br0 proto kernel scope link";
  assert.deepEqual(table(1002, main), [
    "172.17.0.0/16 dev br0 proto kernel scope link",
    "blackhole 172.16.0.0/12 proto boot",
  ]);
});

Deno.test("a ban of one who is in a stub's own network holds there; what main routes beneath a ban pierces it there", () => {
  const main = `
    unreachable 10.4.0.66
    10.4.0.0/24 dev data proto kernel scope link
    blackhole 10.64.0.0/10
    10.65.0.0/16 via 10.3.0.1 dev em2`;
  assert.deepEqual(table(1004, main), [
    "unreachable 10.4.0.66 proto boot",
    "10.4.0.0/24 dev data proto kernel scope link",
    "throw 10.65.0.0/16 proto 115",
    "blackhole 10.64.0.0/10 proto boot",
  ]);
});

Deno.test("a throw is marked as ours, by --protocol", () => {
  const main = "blackhole 10.64.0.0/10\n10.65.0.0/16 dev em2 scope link";
  assert.deepEqual(table(1002, main, { protocol: 200 })[0], "throw 10.65.0.0/16 proto 200");
});

Deno.test("a ban that a better metric outdoes is not copied, and pierced by nothing", () => {
  const main =
    "10.64.0.0/10 via 10.3.0.1 dev em2 metric 5\nunreachable 10.64.0.0/10 metric 10\n10.65.0.0/16 dev em2";
  assert.deepEqual(table(1002, main), []);
});

Deno.test("a ban behind a route of the same metric bans nobody", () => {
  const main = "10.64.0.0/10 via 10.3.0.1 dev em2 metric 5\nunreachable 10.64.0.0/10 metric 5";
  assert.deepEqual(table(1002, main), []);
});

Deno.test("a ban of a better metric than the route outdoes that, in the mirror as in main", () => {
  const main = "unreachable 10.64.0.0/10 metric 5\n10.64.0.0/10 via 10.0.0.1 dev em1 metric 10";
  assert.deepEqual(table(1002, main), [
    "unreachable 10.64.0.0/10 proto boot metric 5",
    "10.64.0.0/10 via 10.0.0.1 dev em1 proto boot metric 10",
  ]);
});

Deno.test("an unreachable default of the last metric stays behind the default, and needs no throws", () => {
  const main = "unreachable default metric 4294967295\n10.65.0.0/16 dev em2";
  assert.deepEqual(table(1002, main), []);
});

Deno.test("IPv6: DHCPv6-PD's unreachable, which the kernel shows with dev lo, above the LAN's /64", () => {
  const text = {
    links: "2: em1 up\n5: lan up",
    addresses: "2001:db8:1::2/64 dev em1\n2001:db8:2:1::1/64 dev lan",
    routes6: `
      default via fe80::1 dev em1 metric 1024
      unreachable 2001:db8:2::/56 dev lo metric 1024 pref medium
      2001:db8:2:1::/64 dev lan proto kernel metric 256 pref medium`,
  };
  assert.deepEqual(tableOf(text, { table: 1002 }), [
    "throw 2001:db8:2:1::/64 proto 115 metric 256",
    "unreachable 2001:db8:2::/56 proto boot metric 1024",
    "default via fe80::1 dev em1 proto boot metric 1024",
  ]);
  assert.deepEqual(
    tableOf({ ...text, forwarding: [6] }, { table: 1002 })[0],
    "2001:db8:2:1::/64 dev lan proto kernel metric 256",
  );
});

for (const ban of ["blackhole 128.0.0.0/1 proto boot metric 9000", "throw 0.0.0.0/1 proto static"]) {
  Deno.test(`a ban of half the world is a ban: ${ban}`, () => {
    assert.deepEqual([1002, 1003, 1004].map((number) => table(number, ban)), [[ban], [ban], [ban]]);
  });
}

Deno.test("a ban of all is copied where it comes before every default of main", () => {
  const bansOf = (ban: string, metric: string) => {
    const text = { links, addresses, routes: `default via 10.0.0.1 dev em1 metric ${metric}\n${ban}` };
    return tableOf(text, { table: 1002 }).filter((route) => !route.includes("via"));
  };
  assert.deepEqual(bansOf("unreachable default metric 7", "9"), ["unreachable default proto boot metric 7"]);
  assert.deepEqual(bansOf("unreachable default metric 4294967295", "9"), []);
});

Deno.test("IPv6: a ban of all global addresses is a ban", () => {
  const text = {
    ...{ links, addresses: "2001:db8::2/64 dev em1" },
    routes6: "default via fe80::1 dev em1 metric 9\nunreachable 2000::/3 metric 9000",
  };
  assert.ok(tableOf(text, { table: 1002 }).includes("unreachable 2000::/3 proto boot metric 9000"));
});
