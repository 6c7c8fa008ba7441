// Requests and their answers: many in a batch, refused ones by name, dumps that end badly, events that are lost.

import assert from "node:assert/strict";
import { ERRNO } from "../../ffi/error.ts";
import { FLAG, MESSAGE } from "../../ffi/message.ts";
import { dump, exchange, Writer } from "../../ffi/request.ts";
import { writeRouteDump } from "../../ffi/route.ts";
import { writeRule } from "../../ffi/rule.ts";
import { GROUP, LostEvents, Socket } from "../../ffi/socket.ts";
import { Waiter } from "../../ffi/waiter.ts";
import { ACTION_LOOKUP, SCOPE, TYPE } from "../../src/model/records.ts";
import type { Namespace } from "../lab/netns.ts";
import { pause } from "../lab/process.ts";
import { Codec } from "./codec.ts";
import { inside } from "./inside.ts";
import { prepare } from "./kernel_sample.ts";
import { Random, SEED } from "./random.ts";
import type { Sample } from "./sample.ts";

const COUNT = 1000;

inside(`of 1,000 routes the 3 bad ones are named, and 997 are in place (SEED=${SEED})`, async (host) => {
  const { 4: { devices: [{ ifindex }] } } = await prepare(host);
  const bad = new Random(SEED).shuffled(Array.from({ length: COUNT }, (_, i) => i)).slice(0, 3);
  const wrong = [{ ifindex, gateway: "10.99.0.1" }, { ifindex: 4242 }, { ifindex, prefsrc: "10.99.0.2" }];
  using socket = Socket.open({ receiveBuffer: 1 << 20 });
  const refusals = send(socket, (number) => {
    return route(number, wrong[bad.indexOf(number)] ?? { ifindex, gateway: "10.1.0.2" });
  });
  const reasons = [
    "Network is unreachable: Nexthop has invalid gateway",
    "No such device",
    "Invalid argument",
  ];
  assert.deepEqual(refusals.map(({ number }) => number), bad.toSorted((a, b) => a - b));
  for (const { number, errno, reason } of refusals) {
    const which = bad.indexOf(number);
    assert.equal(errno, [101, ERRNO.ENODEV, ERRNO.EINVAL][which]);
    assert.ok(reason.startsWith(reasons[which]), reason);
  }
  assert.equal(await countRoutes(host), COUNT - 3);
});

inside("when all of a full batch are refused, all are named", async (host) => {
  const { 4: { devices: [{ ifindex }] } } = await prepare(host);
  using socket = Socket.open({ receiveBuffer: 4 << 20 });
  const refusals = send(socket, (number) => route(number, { ifindex, gateway: "10.99.0.1" }));
  assert.equal(refusals.length, COUNT);
  assert.ok(refusals.every(({ reason }) => reason === "Network is unreachable: Nexthop has invalid gateway"));
});

inside("a rule that is there already is refused in a batch of rules, and only that one", async (host) => {
  const rules = Array.from({ length: 200 }, (_, i) => ({
    family: 4 as const,
    priority: 27200,
    action: ACTION_LOOKUP,
    table: 1002,
    protocol: 115,
    from: `10.0.0.${i === 100 ? 99 : i}`,
  }));
  using socket = Socket.open();
  const writer = new Writer();
  const sequences = rules.map((rule) => {
    const sequence = socket.nextSequence();
    writeRule(writer, rule, { add: true, sequence });
    return sequence;
  });
  const { refusals, complete } = exchange(socket, writer, sequences.at(-1)!);
  assert.equal(complete, true);
  assert.deepEqual(refusals, [{
    sequence: sequences[100],
    errno: ERRNO.EEXIST,
    reason: refusals[0]?.reason,
  }]);
  assert.match(refusals[0].reason, /^File exists/);
  assert.equal((await host.ip("rule show")).match(/ proto 115/g)?.length, 199);
});

inside("a dump that the kernel refuses throws, with the kernel's words", () => {
  using socket = Socket.open({ strict: true });
  const writer = new Writer();
  writer.begin(MESSAGE.getRoute, { flags: FLAG.dump, sequence: socket.nextSequence() });
  // Strict checking takes no filter by destination's length.
  for (const word of [2 | (24 << 8), 0, 0]) writer.word(word);
  writer.end();
  assert.throws(() => [...dump(socket, writer, "read the routes")], {
    name: "NetlinkError",
    op: "read the routes",
    code: ERRNO.EINVAL,
    message: /^read the routes: Invalid argument: .*[Ii]nvalid.*/,
  });
  assert.deepEqual(dumpOf(socket, { table: 1002 }), [], "the next dump is whole again");
});

inside("a dump of a table, or by an interface, that does not exist is empty", async (host) => {
  await prepare(host);
  using socket = Socket.open({ strict: true });
  assert.deepEqual(dumpOf(socket, { table: 4242 }), []);
  assert.deepEqual(dumpOf(socket, { table: 254, ifindex: 4242 }), []);
  assert.ok(dumpOf(socket, { table: 255 }).length > 0, "the local table has routes");
});

inside("events that do not fit are counted, and their loss is told once", async (host) => {
  using socket = Socket.open({ groups: [GROUP.route4], receiveBuffer: 4096 });
  assert.equal(socket.drops(), 0);
  await host.batch(Array.from({ length: 300 }, (_, i) => `route add blackhole 10.${i >> 8}.${i & 255}.0/24`));
  assert.throws(() => socket.receive(), LostEvents);
  assert.ok(socket.drops() > 100, `${socket.drops()} drops`);
  while (socket.receive());
  const before = socket.drops();
  await host.ip("route add blackhole 10.77.0.0/24");
  assert.ok(socket.receive(), "what comes afterwards is heard");
  assert.equal(socket.receive(), undefined);
  assert.equal(socket.drops(), before);
});

inside("waiting ends by an event, by a wake, and by its time", async (host) => {
  using socket = Socket.open({ groups: [GROUP.route4] });
  using waiter = new Waiter(socket.fd);
  assert.equal(waiter.ready(0), false);
  const woken = waiter.wait(-1);
  waiter.wake();
  await woken;
  await waiter.wait(1);
  const told = waiter.wait(-1);
  await host.ip("route add blackhole 10.77.0.0/24");
  await told;
  assert.equal(waiter.ready(0), true);
});

inside("of many descriptors each ends the waiting", async () => {
  using socket = Socket.open({ groups: [GROUP.route4] });
  using waiter = new Waiter(socket.fd);
  using stack = new DisposableStack();
  const others = Array.from({ length: 5 }, () => stack.use(new Waiter(-1)));
  const fds = others.map(({ fd }) => fd);
  for (const other of others) {
    let ended = false;
    const waiting = waiter.wait(-1, fds).then(() => ended = true);
    await pause(5);
    assert.equal(ended, false);
    other.wake();
    await waiting;
    // It is read by its own.
    await other.wait(0);
  }
  await waiter.wait(1, fds);
});

/** A route of table 1002. */
function route(number: number, how: { ifindex: number; gateway?: string; prefsrc?: string }): Sample {
  const { ifindex, gateway, prefsrc } = how;
  return {
    family: 4,
    words: [((20 << 24) | (number << 8)) >>> 0],
    length: 24,
    tos: 0,
    source: "",
    table: 1002,
    metric: 0,
    path: {
      family: 4,
      type: TYPE.unicast,
      protocol: 4,
      scope: gateway ? SCOPE.universe : SCOPE.link,
      nexthops: [{ ifindex, gateway, weight: 1, flags: 0, attributes: [] }],
      prefsrc,
      metrics: [],
      attributes: [],
    },
  };
}

/** Sends 1,000 routes in one batch and gives the refusals with the number of their route. */
function send(socket: Socket, routeOf: (number: number) => Sample) {
  const codec = new Codec();
  const writer = new Writer();
  const sequences = Array.from({ length: COUNT }, (_, number) => {
    const sequence = socket.nextSequence();
    codec.write(writer, routeOf(number), { sequence });
    return sequence;
  });
  const { refusals, complete } = exchange(socket, writer, sequences.at(-1)!);
  assert.equal(complete, true);
  return refusals.map(({ sequence, ...rest }) => ({ number: sequences.indexOf(sequence), ...rest }));
}

async function countRoutes(host: Namespace): Promise<number> {
  return (await host.ip("route show table 1002")).trim().split("\n").length;
}

function dumpOf(socket: Socket, filter: { table: number; ifindex?: number }): number[] {
  const writer = new Writer();
  const request = { type: MESSAGE.getRoute, flags: FLAG.dump, sequence: socket.nextSequence() };
  writeRouteDump(writer, { family: 4, ...filter }, request);
  return Array.from(dump(socket, writer, "dump"), ({ type }) => type);
}
