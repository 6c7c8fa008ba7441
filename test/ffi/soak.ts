// Works for a while as a daemon does for months, and prints how much memory that took beyond the first rounds.

import assert from "node:assert/strict";
import { AddressCache } from "../../ffi/address.ts";
import { LinkCache } from "../../ffi/link.ts";
import { MESSAGE } from "../../ffi/message.ts";
import { liveHandles } from "../../ffi/owned.ts";
import { exchange, Writer } from "../../ffi/request.ts";
import { writeRule } from "../../ffi/rule.ts";
import { Socket } from "../../ffi/socket.ts";
import { Host } from "../../src/host.ts";
import { ACTION_LOOKUP, TYPE } from "../../src/model/records.ts";
import { DEFAULTS } from "../../src/plan/options.ts";
import { Codec } from "./codec.ts";
import type { Sample } from "./sample.ts";

const WARM_UP = 50;
const ROUNDS = 100;
const ROUTES = 500;
const BATCH = 250;
const REFILLS = 20;
const CACHES = 5;
/** So many that 64 bytes lost with each show. */
const RULES = 1500;

/** Another program's hand, that writes routes into main. */
class Other implements Disposable {
  readonly #socket = Socket.open();
  readonly #writer = new Writer();
  readonly #codec = new Codec();

  write(type: number): void {
    for (let first = 0; first < ROUTES; first += BATCH) {
      let sequence = 0;
      for (let number = first; number < first + BATCH; number++) {
        sequence = this.#socket.nextSequence();
        this.#codec.write(this.#writer, ban(number), { type, sequence });
      }
      assert.deepEqual(exchange(this.#socket, this.#writer, sequence), { refusals: [], complete: true });
    }
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

function ban(number: number): Sample {
  const [family, type, protocol, scope] = [4 as const, TYPE.blackhole, 4, 0];
  const path = { family, type, protocol, scope, nexthops: [], metrics: [], attributes: [] };
  const words = [((20 << 24) | (number << 8)) >>> 0];
  return { family, words, length: 24, tos: 0, source: "", table: 254, metric: 0, path };
}

/** 1,000 events, 60 refills, 1,500 rules; gives how many routes were seen to come and to go. */
function round(host: Host, other: Other): number {
  let events = 0;
  for (const type of [MESSAGE.newRoute, MESSAGE.delRoute]) {
    const before = host.stores[4].size;
    other.write(type);
    host.follow();
    events += Math.abs(host.stores[4].size - before);
    host.stores[4].collect();
  }
  refill();
  writeRules();
  return events;
}

/** Reads each cache anew, and now and then with a new one. */
function refill(): void {
  for (let number = 0; number < CACHES; number++) {
    using socket = Socket.open();
    using links = new LinkCache();
    using addresses = new AddressCache();
    for (let i = 0; i < REFILLS / CACHES; i++) {
      for (const cache of [links, addresses]) cache.read(socket);
    }
  }
}

function writeRules(): void {
  const writer = new Writer();
  for (let i = 0; i < RULES; i++) {
    writer.clear();
    const from = `10.0.${i >> 8}.${i & 255}`;
    const rule = {
      family: 4 as const,
      priority: 27200,
      action: ACTION_LOOKUP,
      table: 1002,
      protocol: 115,
      from,
    };
    writeRule(writer, rule, { add: true, sequence: i });
  }
}

interface Memory {
  /** What C has, and V8 beside its heap. */
  readonly native: number;
  readonly heap: number;
}

function collect(): void {
  (globalThis as unknown as { gc(): void }).gc();
}

/** In KiB, once garbage is collected. V8 grows its heap by steps, whether it fills it or not: that is left out. */
function memory(): Memory {
  collect();
  const resident = Number(/^RssAnon:\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/status"))![1]);
  const { heapTotal, heapUsed } = Deno.memoryUsage();
  return { native: resident - Math.round(heapTotal / 1024), heap: Math.round(heapUsed / 1024) };
}

/** Gives how many events there were. Garbage is collected often: what waits for that is no loss. */
function rounds(count: number, { host, other }: { host: Host; other: Other }): number {
  let events = 0;
  for (let i = 0; i < count; i++) {
    if (i % 10 === 0) collect();
    events += round(host, other);
  }
  return events;
}

function soak(): { events: number; grown: Memory } {
  using host = new Host(DEFAULTS);
  using other = new Other();
  host.follow();
  rounds(WARM_UP, { host, other });
  const start = memory();
  const events = rounds(ROUNDS, { host, other });
  const end = memory();
  return { events, grown: { native: end.native - start.native, heap: end.heap - start.heap } };
}

console.log(JSON.stringify({ ...soak(), live: liveHandles() }));
