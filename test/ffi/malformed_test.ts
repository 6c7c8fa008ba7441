// Bytes that no kernel sends: whatever they are, reading them ends, throws nothing, and looks at nothing behind them.

import assert from "node:assert/strict";
import { attributes, type Datagram, HEADER_BYTES, MESSAGE, messages } from "../../ffi/message.ts";
import { dump, Writer } from "../../ffi/request.ts";
import { Socket } from "../../ffi/socket.ts";
import { Codec, datagramOf } from "./codec.ts";
import { inside } from "./inside.ts";
import { prepare } from "./kernel_sample.ts";
import { Random, repeat, SEED } from "./random.ts";
import { randomSample } from "./sample.ts";

const RUNS = 30_000;
const ROUTE_BYTES = HEADER_BYTES + 12;
/** RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETRULE: each kind's bytes before the first attribute. */
const DUMPS: Readonly<Record<number, number>> = { 18: 16, 22: 8, 26: 12, 34: 12 };

inside("what the kernel tells, cut short, bent or scribbled over, is read to an end", async (host) => {
  await prepare(host);
  const real = Object.keys(DUMPS).flatMap((type) => dumped(Number(type)));
  assert.ok(real.length > 20, `only ${real.length} messages`);
  repeat(RUNS, (random) => assertHarmless(broken(random, random.pick(real))));
});

Deno.test("routes of every kind, cut short, bent or scribbled over, are read to an end", () => {
  const codec = new Codec();
  const whole: Uint8Array[] = [];
  repeat(300, (random) => void whole.push(codec.encode(randomSample(random))));
  repeat(RUNS, (random) => assertHarmless(broken(random, random.pick(whole))));
});

Deno.test("a route that is cut off anywhere is no route, or one without what was cut off", () => {
  repeat(20, (random) => {
    const whole = new Codec().encode(randomSample(random)).slice(0, 400);
    for (let length = 0; length < whole.length; length++) assertHarmless(resized(whole.slice(0, length)));
  });
});

Deno.test("messages end at one that says that it is shorter than a header or longer than the datagram", () => {
  const one = new Codec().encode(randomSample(new Random(SEED)));
  for (const size of [0, 1, 15, one.length + 1, 0x7fffffff, 0xffffffff]) {
    const bent = Uint8Array.from([...one, ...one]);
    new DataView(bent.buffer).setUint32(one.length, size, true);
    const bytes = bent.subarray(0, size === one.length + 1 ? 2 * one.length : bent.length);
    assert.equal([...messages(datagramOf(bytes))].length, 1, `size ${size}`);
  }
});

/** Every message of a dump, each for itself. */
function dumped(type: number): Uint8Array<ArrayBuffer>[] {
  using socket = Socket.open();
  const writer = new Writer();
  writer.begin(type, { flags: 0x300, sequence: socket.nextSequence() });
  for (let i = 0; i < DUMPS[type]; i += 4) writer.word(0);
  writer.end();
  return Array.from(dump(socket, writer, "dump"), ({ datagram, at, length }) => {
    return datagram.bytes.slice(at * 4, at * 4 + length);
  });
}

/** The message, broken in one way or several. */
function broken(random: Random, message: Uint8Array): Uint8Array<ArrayBuffer> {
  let bytes = new Uint8Array(message.slice(0, random.chance(0.1) ? undefined : 600));
  if (random.chance(0.5)) bytes = bytes.slice(0, random.integer(0, bytes.length));
  for (let i = random.integer(0, 4); i > 0 && bytes.length > 0; i--) {
    bytes[random.integer(0, bytes.length - 1)] = random.pick([0, 1, 3, 255, random.integer(0, 255)]);
  }
  // A length that leads astray is what a reader stumbles over.
  const at = ROUTE_BYTES + 4 * random.integer(0, 20);
  if (random.chance(0.4) && at + 2 <= bytes.length) {
    new DataView(bytes.buffer).setUint16(at, random.pick([0, 3, 4, 5, bytes.length, 0xffff]), true);
  }
  return random.chance(0.8) ? resized(bytes) : bytes;
}

/** The bytes, with the message's own length set to theirs. */
function resized(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.length >= 4) new DataView(bytes.buffer).setUint32(0, bytes.length, true);
  return bytes;
}

/** Reads the bytes twice, with zeros and with ones behind them: what is the same was not taken from there. */
function assertHarmless(bytes: Uint8Array): void {
  assert.deepEqual(readAll(datagramOf(bytes, 0xff)), readAll(datagramOf(bytes, 0)));
}

function readAll(datagram: Datagram): unknown[] {
  const found: unknown[] = [];
  const codec = new Codec();
  for (const message of messages(datagram)) {
    const [start, end] = [message.at * 4 + HEADER_BYTES, message.at * 4 + message.length];
    found.push({ ...message, datagram: undefined });
    for (const { type, payload } of attributes(datagram.bytes, start, end)) found.push([type, ...payload]);
    if (message.type === MESSAGE.newRoute) found.push(codec.decode(message));
    assert.ok(found.length <= datagram.length, "reading does not end");
  }
  return found;
}
