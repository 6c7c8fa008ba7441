// `--isolate`: each uplink's and stub's table is closed, so that nothing of theirs leaves by another interface.

import assert from "node:assert/strict";
import type { WorldText } from "../model/world.ts";
import { assertCommands, notesOn, settle, tableOf, troubles, type Wish } from "../model/decide.ts";
import { readWorld } from "../model/world.ts";

const isolate = { isolate: true };
const closing = "unreachable default proto 115 metric 4294967295";

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
    10.3.0.0/24 dev data proto kernel scope link
    172.17.0.0/16 dev br0 proto kernel scope link`,
  routes6: `
    default via fe80::1 dev em1 metric 1024
    2001:db8:3::/64 dev data proto kernel metric 256
    fe80::/64 dev data proto kernel metric 256`,
};

function with4(routes: string): WorldText {
  return { ...world, routes: `${world.routes}\n${routes}` };
}

Deno.test("each table is closed behind all that it has: written last, and by metric the last", () => {
  const only4 = { ...world, routes6: "", addresses: world.addresses.replaceAll(/.*2001.*/g, "") };
  assertCommands(
    only4,
    `
    ip rule add from 10.0.0.2 lookup 1002 priority 27200 protocol 115
    ip rule add from 10.3.0.2 lookup 1003 priority 27200 protocol 115
    ip route append 10.3.0.0/24 dev data table 1003 proto kernel scope link
    ip route append 172.17.0.0/16 dev br0 table 1002 proto kernel scope link
    ip route append 172.17.0.0/16 dev br0 table 1003 proto kernel scope link
    ip route append default via 10.0.0.1 dev em1 table 1002 proto boot
    ip route append unreachable default table 1002 proto 115 metric 4294967295
    ip route append unreachable default table 1003 proto 115 metric 4294967295`,
    isolate,
  );
});

Deno.test("IPv6 tables are closed alike", () => {
  assert.deepEqual(tableOf({ ...world, routes: "" }, { table: 1003, ...isolate }), [
    "2001:db8:3::/64 dev data proto kernel metric 256",
    "fe80::/64 dev data proto kernel metric 256",
    closing,
    closing,
  ]);
});

Deno.test("a table with nothing of its own is closed too, though main has no default at all", () => {
  const bare = { links: "3: data up", addresses: "10.3.0.2/32 dev data", routes: "" };
  assert.deepEqual(tableOf(bare, { table: 1003, ...isolate }), [closing]);
});

Deno.test("a family in which an interface has no address has no rule, and no table to close", () => {
  const only4 = { ...world, addresses: world.addresses.replace("2001:db8:3::2/64 dev data", "") };
  const { commands } = settle(readWorld(only4), isolate);
  assert.deepEqual(commands.filter((command) => /^ip -6 .*1003/.test(command)), []);
});

const closed = with4(`
  10.3.0.0/24 dev data table 1003 proto kernel scope link
  172.17.0.0/16 dev br0 table 1003 proto kernel scope link
  172.17.0.0/16 dev br0 table 1002 proto kernel scope link
  default via 10.0.0.1 dev em1 table 1002 proto boot
  unreachable default table 1002 proto 115 metric 4294967295
  unreachable default table 1003 proto 115 metric 4294967295`);
const closed4: WorldText = {
  ...closed,
  routes6: "",
  addresses: world.addresses.replaceAll(/.*2001.*/g, ""),
  rules: "27200: from 10.0.0.2 lookup 1002 proto 115\n27200: from 10.3.0.2 lookup 1003 proto 115",
};

Deno.test("without the option the tables are opened, and nothing else is changed", () => {
  assertCommands(closed4, "", isolate);
  assertCommands(
    closed4,
    `
    ip route del unreachable default table 1003 proto 115 metric 4294967295
    ip route del unreachable default table 1002 proto 115 metric 4294967295`,
  );
});

Deno.test("where a table is given up, it is opened first", () => {
  const { commands } = settle(readWorld(closed4), { flush: true, ...isolate });
  const deleted = commands.filter((command) => command.startsWith("ip route del"));
  const isClosing = deleted.map((command) => command.includes("unreachable"));
  assert.deepEqual(isClosing, [true, true, false, false, false, false]);
  assert.match(commands.at(-1)!, /^ip rule del/);
});

Deno.test("a default of main's own that has the last metric stands in front", () => {
  const last = "default via 10.3.0.1 dev data proto static metric 4294967295";
  assert.deepEqual(tableOf(with4(last), { table: 1003, ...isolate }).filter((route) => !/\//.test(route)), [
    last,
    closing,
    closing,
  ]);
});

Deno.test("IPv6: behind a default of the last metric there is no room, and no need; when it goes, the closing takes its place", () => {
  const last = "default via fe80::3 dev data proto ra metric 4294967295 pref low";
  const text = { ...world, addresses: "2001:db8:3::2/64 dev data", routes: "", routes6: last };
  assert.deepEqual(tableOf(text, { table: 1003, ...isolate }), [last]);
  assertCommands(
    {
      ...text,
      routes6: last.replace("data", "data table 1003"),
      rules6: "27200: from 2001:db8:3::2 lookup 1003 proto 115",
    },
    "ip -6 route replace unreachable default table 1003 proto 115 metric 4294967295",
    isolate,
  );
});

for (
  const ban of ["unreachable default proto boot metric 4294967295", "blackhole default proto static metric 9"]
) {
  Deno.test(`main's own '${ban}' is copied into every table beside the closing`, () => {
    const text = { ...with4(ban), routes: with4(ban).routes!.replace("default via 10.0.0.1 dev em1", "") };
    const uplink = { ...isolate, roles: [{ glob: "em1", role: "uplink" as const }] };
    for (const table of [1002, 1003]) {
      const closed = tableOf(text, { table, ...uplink }).filter((route) => /unreach|black/.test(route));
      assert.deepEqual(closed, [ban, closing, closing]);
    }
  });
}

Deno.test("IPv6: main's own unreachable default of the last metric closes by itself", () => {
  const ban = "unreachable default proto boot metric 4294967295";
  const text = { ...world, addresses: "2001:db8:1::2/64 dev em1", routes: "", routes6: ban };
  const uplink = { ...isolate, roles: [{ glob: "em1", role: "uplink" as const }] };
  assert.deepEqual(tableOf(text, { table: 1002, ...uplink }), [ban]);
});

Deno.test("what main routes beneath a ban pierces it in a table only where it leads inside", () => {
  const main = with4(
    "unreachable 10.64.0.0/10\n10.65.0.0/16 dev data scope link\n10.66.0.0/16 dev br0 scope link",
  );
  const beneath = tableOf(main, { table: 1002, ...isolate }).filter((route) => /10\.6\d/.test(route));
  assert.deepEqual(beneath, [
    "10.66.0.0/16 dev br0 proto boot scope link",
    "unreachable 10.64.0.0/10 proto boot",
  ]);
});

Deno.test("an inside route by a link that is down pierces no ban: main would go on to its next one", () => {
  const down = { ...world, links: world.links.replace("br0 up", "br0 down") };
  const main = {
    ...down,
    routes: `${world.routes}\nunreachable 10.64.0.0/10\n10.66.0.0/16 dev br0 scope link`,
  };
  const beneath = tableOf(main, { table: 1002, ...isolate }).filter((route) => /10\.6\d/.test(route));
  assert.deepEqual(beneath, ["unreachable 10.64.0.0/10 proto boot"]);
});

Deno.test("a throw of main's is no way out: there, too, it means that main has no route", () => {
  const main = with4("throw 10.64.0.0/10 proto static metric 3");
  const beneath = tableOf(main, { table: 1002, ...isolate }).filter((route) => /10\.6\d/.test(route));
  assert.deepEqual(beneath, ["unreachable 10.64.0.0/10 proto static metric 3"]);
});

Deno.test("forwarding is not looked at: what leads out is no network inside", () => {
  const router: WorldText = { ...world, forwarding: [4, 6] };
  assert.ok(
    notesOn("data", settle(readWorld(router))).every((note) => note.includes("inside because forwarding")),
  );
  const notes = notesOn("data", settle(readWorld(router), isolate));
  assert.ok(
    notes.length === 2 && notes.every((note) => note.includes("stub because it has an address")),
    `${notes}`,
  );
});

Deno.test("what --role calls inside is shared", () => {
  const inside = { ...isolate, roles: [{ glob: "data", role: "inside" as const }] };
  assert.deepEqual(tableOf(world, { table: 1002, ...inside }).filter((route) => route.startsWith("10.3.")), [
    "10.3.0.0/24 dev data proto kernel scope link",
  ]);
});

Deno.test("a table that has lost its rules, and all but the closing, is known for ours with the option and without", () => {
  const left = with4("unreachable default table 1003 proto 115 metric 4294967295");
  for (const wish of [isolate, {}]) {
    const decision = settle(readWorld(left), wish);
    assert.deepEqual(troubles(decision).filter((note) => note.startsWith("conflict")), []);
  }
  const foreign = with4("unreachable default table 1003 proto 250 metric 4294967295");
  assert.equal(
    troubles(settle(readWorld(foreign), isolate)).filter((note) => note.startsWith("conflict")).length,
    1,
  );
});

Deno.test("of a table that is a VRF's by now, the closing goes and the VRF's own ban stays", () => {
  const vrf = "unreachable default table 1003 proto boot metric 4278198272";
  const stale = "unreachable default table 1003 proto 115 metric 4294967295";
  for (const wish of [isolate, {}]) {
    const { commands } = settle(
      readWorld({
        ...with4(`${vrf}\n${stale}`),
        links: `${world.links}\n9: blue up kind vrf table 1003`,
        rules: "27200: from 10.3.0.2 lookup 1003 proto 115",
      }),
      wish,
    );
    assert.deepEqual(commands.filter((command) => /route del/.test(command)), [`ip route del ${stale}`]);
  }
});

Deno.test("IPv6: a rule stands there twice for a moment, last of all, where there is none like it", () => {
  const text: WorldText = {
    ...{ links: "3: data up", addresses: "2001:db8:3::2/64 dev data\n2001:db8:3::7/64 dev data" },
    rules6: `
      27200: from 2001:db8:3::2 lookup 1003 proto 115
      27200: from 2001:db8:3::7 lookup 1003 proto 115
      27201: from 2001:db8:3::2 lookup 1003 proto 115`,
  };
  const last = (wish: Wish) => settle(readWorld(text), { ...isolate, ...wish }).commands.slice(-2);
  const twin = (priority: number) => `from 2001:db8:3::2 lookup 1003 priority ${priority} protocol 115`;
  assert.deepEqual(last({}), [
    `ip -6 rule add ${twin(27202)}`,
    `ip -6 rule del ${twin(27202)}`,
  ]);
  assert.deepEqual(last({ priority: 32764 }), [
    `ip -6 rule add ${twin(32765)}`,
    `ip -6 rule del ${twin(32765)}`,
  ]);
});
