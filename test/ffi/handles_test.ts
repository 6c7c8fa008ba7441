// Every C object has one owner, who frees it once: also where something fails half-way.

import assert from "node:assert/strict";
import { AddressCache } from "../../ffi/address.ts";
import { Cache, type CacheKind } from "../../ffi/cache.ts";
import { LinkCache } from "../../ffi/link.ts";
import { liveHandles } from "../../ffi/owned.ts";
import { Writer } from "../../ffi/request.ts";
import { writeRule } from "../../ffi/rule.ts";
import { Socket } from "../../ffi/socket.ts";
import { Host } from "../../src/host.ts";
import { ACTION_LOOKUP, type Rule } from "../../src/model/records.ts";
import { DEFAULTS } from "../../src/plan/options.ts";
import { inside } from "./inside.ts";
import { prepare } from "./kernel_sample.ts";

const rule: Rule = {
  family: 4,
  priority: 27200,
  action: ACTION_LOOKUP,
  table: 1002,
  protocol: 115,
  from: "10.0.0.2",
};

inside("a host that has read, heard and waited leaves nothing", async (network) => {
  await prepare(network);
  {
    using host = new Host(DEFAULTS);
    host.follow();
    await network.ip("route add 20.0.0.0/8 dev v1");
    await host.kernel.wait(-1);
    host.follow();
    assert.deepEqual(liveHandles(), { socket: 3, cache: 2 });
  }
  assert.deepEqual(liveHandles(), {});
});

inside("a socket that cannot be set up is closed", () => {
  assert.throws(() => Socket.open({ groups: [1, 1_000_000] }), { op: "join netlink group 1000000" });
  assert.deepEqual(liveHandles(), {});
});

inside("what is made for a rule goes, whatever is wrong with the rule", () => {
  const wrong: [Partial<Rule>, ErrorConstructor][] = [
    [{ from: "nonsense" }, TypeError],
    [{ from: "2001:db8::1/200" }, TypeError],
    [{ action: 6 }, TypeError],
    [{ iif: "a-name-that-is-too-long-for-an-interface" }, Error],
    // libnl takes no source of the other family.
    [{ from: "2001:db8::1" }, Error],
  ];
  for (const [difference, type] of wrong) {
    assert.throws(
      () => writeRule(new Writer(), { ...rule, ...difference }, { add: true, sequence: 1 }),
      type,
    );
    assert.deepEqual(liveHandles(), {}, JSON.stringify(difference));
  }
});

inside("a rule that finds no room in the buffer leaves nothing", () => {
  const writer = new Writer();
  const fill = () => {
    for (let i = 0; i < 2000; i++) writeRule(writer, rule, { add: true, sequence: i });
  };
  assert.throws(fill, RangeError);
  assert.deepEqual(liveHandles(), {});
});

inside("a cache that libnl does not know cannot be made", () => {
  assert.throws(() => Cache.open("route/nonsense" as CacheKind), { op: "make a cache of route/nonsense" });
  assert.deepEqual(liveHandles(), {});
});

inside("what was freed cannot be used, and can be freed again", () => {
  const socket = Socket.open();
  const caches = [new LinkCache(), new AddressCache()];
  using other = Socket.open();
  for (const one of [socket, ...caches]) one[Symbol.dispose]();
  const freed = { name: "TypeError", message: /is used after it was freed$/ };
  assert.throws(() => socket.receive(), freed);
  assert.throws(() => socket.send(new Uint8Array(16)), freed);
  assert.throws(() => socket.pointer, freed);
  for (const cache of caches) assert.throws(() => cache.read(other), freed);
  using cache = new LinkCache();
  assert.throws(() => cache.read(socket), freed);
  for (const one of [socket, ...caches]) one[Symbol.dispose]();
  assert.deepEqual(liveHandles(), { socket: 1, cache: 1 });
});

inside(
  "a program that runs out of descriptors, or frees twice, closes what it opened and nothing else",
  async (network) => {
    const child = new URL("./descriptors.ts", import.meta.url).pathname;
    const [before, after, second, error] = JSON.parse(
      await network.must(["sh", "-c", 'ulimit -n 200; exec "$@"', "sh", Deno.execPath(), "run", "-A", child]),
    );
    assert.equal(error.name, "NetlinkError");
    assert.deepEqual(after, before, "open descriptors");
    assert.equal(second, true, "a descriptor that was somebody else's by then is still open");
  },
);

inside("what cannot be opened says why, and is not taken for somebody else's", async (network) => {
  const child = new URL("./too_many.ts", import.meta.url).pathname;
  const said = await network.must(
    ["sh", "-c", 'ulimit -n 100; exec "$@"', "sh", Deno.execPath(), "run", "-A", child],
  );
  const what = ["open a unix socket", "open a unix socket", "no file can be made in memory"];
  const lines = [...what, "open a netlink socket", "wait for the kernel: open an eventfd"];
  assert.deepEqual(said.trim().split("\n"), lines.map((line) => `${line}: Too many open files`));
});

inside("memory stays flat over 100,000 events, 4,000 refills and 150,000 rules", async (network) => {
  const child = new URL("./soak.ts", import.meta.url).pathname;
  // With little room for young objects their garbage weighs little beside what may be lost.
  const flags = "--v8-flags=--expose-gc,--max-semi-space-size=1";
  const { events, live, grown } = JSON.parse(
    await network.must([Deno.execPath(), "run", "-A", flags, child], { limit: 180_000 }),
  );
  assert.equal(events, 100_000);
  assert.deepEqual(live, {});
  for (const [what, kib] of Object.entries(grown)) {
    assert.ok(Number(kib) < 2048, `${what} has grown by ${kib} KiB`);
  }
});
