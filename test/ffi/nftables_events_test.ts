// What is heard of changes that `nft` makes, and of which tables.

import assert from "node:assert/strict";
import { NftablesEvents } from "../../ffi/nftables_events.ts";
import { liveHandles } from "../../ffi/owned.ts";
import { Waiter } from "../../ffi/waiter.ts";
import { inside } from "./inside.ts";

const ruleset = (table: string) =>
  `table inet ${table} {
    set uplinks { type ifname; }
    map marks { type ifname : mark; }
    counter foreign { }
    chain input { type filter hook prerouting priority -155; counter; accept; }
    chain spare { }
  }`;

/** Each works on a table of `ruleset`'s, after the one before. */
const changes = (table: string) => [
  `add element inet ${table} uplinks { "em1" }`,
  `delete element inet ${table} uplinks { "em1" }`,
  `add element inet ${table} marks { "em1" : 0x01000000 }`,
  `add rule inet ${table} spare drop`,
  `flush chain inet ${table} spare`,
  `delete chain inet ${table} spare`,
  `delete rule inet ${table} input handle HANDLE`,
  `add chain inet ${table} input { policy drop; }`,
  `delete counter inet ${table} foreign`,
  `delete set inet ${table} uplinks`,
  `add table inet ${table} { flags dormant; }`,
  `delete table inet ${table}`,
];

inside("every change of our table is heard, and none of another's", async (host) => {
  using events = NftablesEvents.open();
  assert.equal(events.drain("ours"), false);
  for (const table of ["ours", "our", "ours2", "theirs"]) {
    await host.nft(ruleset(table));
    assert.equal(events.drain("ours"), table === "ours", `making ${table}`);
    const shown = await host.must(["nft", "-a", "list", "chain", "inet", table, "input"]);
    const handle = /accept # handle (\d+)/.exec(shown)![1];
    for (const change of changes(table)) {
      await host.nft(change.replace("HANDLE", handle));
      assert.equal(events.drain("ours"), table === "ours", change);
      assert.equal(events.drain("ours"), false, "it was told already");
    }
  }
});

inside("a ruleset that is flushed is heard where ours was in it", async (host) => {
  await host.nft(`${ruleset("ours")}\n${ruleset("theirs")}`);
  using events = NftablesEvents.open();
  await host.nft("flush ruleset");
  assert.equal(events.drain("ours"), true);
  await host.nft(ruleset("theirs"));
  await host.nft("flush ruleset");
  assert.equal(events.drain("ours"), false);
});

inside("asking changes nothing", async (host) => {
  await host.nft(ruleset("ours"));
  using events = NftablesEvents.open();
  await host.must(["nft", "list", "ruleset"]);
  assert.equal(events.drain("ours"), false);
});

inside("it can be waited for", async (host) => {
  using events = NftablesEvents.open();
  using waiter = new Waiter(events.fd);
  assert.equal(waiter.ready(0), false);
  await host.nft("table inet ours");
  assert.equal(waiter.ready(0), true);
  events.drain("ours");
  assert.equal(waiter.ready(0), false);
});

inside("messages that were lost may have been about our table", async (host) => {
  using events = NftablesEvents.open({ receiveBuffer: 4096 });
  const chains = Array.from({ length: 2000 }, (_, i) => `add chain inet theirs c${i}`).join("\n");
  await host.nft(`table inet theirs\n${chains}`);
  assert.equal(events.drain("ours"), true);
  assert.equal(events.drain("ours"), false);
  await host.nft("table inet ours");
  assert.equal(events.drain("ours"), true);
});

inside("a great many changes of another's are no change of ours", async (host) => {
  using events = NftablesEvents.open();
  const rules = Array.from({ length: 5000 }, (_, i) => `add rule inet theirs a ct mark ${i} accept`).join(
    "\n",
  );
  await host.nft(`table inet theirs\nadd chain inet theirs a\n${rules}`);
  assert.equal(events.drain("ours"), false);
  assert.deepEqual(liveHandles(), { socket: 1 });
});
