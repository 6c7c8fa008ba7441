// Answers that break off, come late or are none of ours: they never look like an empty table or like success. No
// kernel can be made to give them, so that a stand-in for the socket does.

import assert from "node:assert/strict";
import { ERRNO } from "../../ffi/error.ts";
import { type Datagram, FLAG, MESSAGE } from "../../ffi/message.ts";
import { readForwarding } from "../../ffi/netconf.ts";
import { dump, exchange, InterruptedDump, Writer } from "../../ffi/request.ts";
import { LostEvents, type Socket } from "../../ffi/socket.ts";
import { datagramOf } from "./codec.ts";
import "./libraries.ts";

const SEQUENCE = 7;
const MULTI = 0x2;
const INTERRUPTED = 0x10;

/** One message of an answer: its type, what it says of an error, and how it differs from the usual. */
interface Part {
  readonly type: number;
  readonly errno?: number;
  readonly flags?: number;
  readonly sequence?: number;
}

const route: Part = { type: MESSAGE.newRoute };
const done: Part = { type: MESSAGE.done };

Deno.test("a dump is what stands before its end", () => {
  assert.equal(dumped([[route, route], [route, done]]).length, 3);
  assert.equal(dumped([[done]]).length, 0);
});

Deno.test("a dump without its end throws, however much of it there was", () => {
  for (const answer of [[], [[route]], [[route, route], [route]]]) {
    assert.throws(() => dumped(answer), {
      name: "NetlinkError",
      message: "read: the kernel's answer broke off",
    });
  }
});

Deno.test("a dump whose last datagram is cut short throws", () => {
  const { bytes } = datagramOf(bytesOf([route, done]));
  const cut = { ...datagramOf(bytes), length: bytesOf([route]).length + 10 };
  assert.throws(() => dumped([], [cut]), { message: "read: the kernel's answer broke off" });
});

Deno.test("an errno in a dump's end or instead of it throws", () => {
  for (const type of [MESSAGE.done, MESSAGE.error]) {
    const end = { type, errno: ERRNO.EINVAL };
    assert.throws(() => dumped([[route], [end]]), { code: ERRNO.EINVAL, message: "read: Invalid argument" });
  }
});

Deno.test("a table or an interface that does not exist has no routes", () => {
  for (const errno of [ERRNO.ENOENT, ERRNO.ENODEV]) {
    assert.deepEqual(dumped([[{ type: MESSAGE.done, errno }]]), []);
  }
});

Deno.test("a dump that was interrupted throws at its end, so that all of the answer has been read", () => {
  const rest: Part[][] = [[route, { ...route, flags: MULTI | INTERRUPTED }], [route], [done]];
  const socket = fakeSocket(rest.map(bytesOf).map((bytes) => datagramOf(bytes)));
  assert.throws(() => [...dump(socket, request(), "read")], InterruptedDump);
  assert.equal(socket.receive(), undefined);
});

Deno.test("what is left of an older answer is no part of this one", () => {
  const old = { ...route, sequence: SEQUENCE - 1 };
  const oldEnd = { ...done, sequence: SEQUENCE - 1 };
  assert.equal(
    dumped([[old, oldEnd], [{ type: MESSAGE.error, errno: 1, sequence: 0 }], [route, done]]).length,
    1,
  );
});

Deno.test("events that were lost while a dump is read end it with that error", () => {
  const socket = { ...fakeSocket([]), receive: () => lose() } as unknown as Socket;
  assert.throws(() => [...dump(socket, request(), "read")], LostEvents);
});

Deno.test("a batch is complete with the answer to its last request, and not before", () => {
  const refused = { type: MESSAGE.error, errno: ERRNO.EEXIST, sequence: SEQUENCE - 1 };
  const last = { type: MESSAGE.error, errno: 0 };
  assert.deepEqual(exchanged([[refused], [last]]), {
    refusals: [{ sequence: SEQUENCE - 1, errno: ERRNO.EEXIST, reason: "File exists" }],
    complete: true,
  });
  assert.equal(exchanged([[refused]]).complete, false);
  assert.equal(exchanged([]).complete, false);
});

Deno.test("the last request's refusal is its answer", () => {
  const answers = exchanged([[{ type: MESSAGE.error, errno: ERRNO.EPERM }]]);
  assert.deepEqual(answers.refusals.map(({ errno }) => errno), [ERRNO.EPERM]);
  assert.equal(answers.complete, true);
});

Deno.test("what could not be sent is not sent with the next request", () => {
  const writer = request();
  const socket = { ...fakeSocket([]), send: () => lose() } as unknown as Socket;
  assert.throws(() => exchange(socket, writer, SEQUENCE), LostEvents);
  assert.equal(writer.written.length, 0, "after a batch");
  const another = request();
  assert.throws(() => [...dump(socket, another, "read")], LostEvents);
  assert.equal(another.written.length, 0, "after a dump");
});

Deno.test("a family that the kernel does not have forwards nothing known; any other refusal throws", () => {
  const answer = (errno: number) => {
    const parts = [{ type: MESSAGE.error, errno }];
    return { ...fakeSocket([datagramOf(bytesOf(parts))]), nextSequence: () => SEQUENCE } as Socket;
  };
  for (const errno of [ERRNO.EOPNOTSUPP, ERRNO.EAFNOSUPPORT]) {
    assert.equal(readForwarding(answer(errno), 6), undefined);
  }
  assert.throws(() => readForwarding(answer(ERRNO.ENOBUFS), 6), {
    name: "NetlinkError",
    code: ERRNO.ENOBUFS,
  });
});

function lose(): never {
  throw new LostEvents("lost");
}

function dumped(answer: Part[][], datagrams = answer.map((parts) => datagramOf(bytesOf(parts)))): number[] {
  return Array.from(dump(fakeSocket(datagrams), request(), "read"), ({ type }) => type);
}

function exchanged(answer: Part[][]) {
  return exchange(fakeSocket(answer.map((parts) => datagramOf(bytesOf(parts)))), request(), SEQUENCE);
}

/** A socket that gives these datagrams, and then nothing. */
function fakeSocket(datagrams: Datagram[]): Socket {
  const left = [...datagrams];
  return { send: () => {}, receive: () => left.shift() } as unknown as Socket;
}

function request(): Writer {
  const writer = new Writer();
  writer.begin(MESSAGE.getRoute, { flags: FLAG.dump, sequence: SEQUENCE });
  writer.end();
  return writer;
}

function bytesOf(parts: Part[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(({ type, errno = 0, flags = MULTI, sequence = SEQUENCE }) => {
    const words = new Uint32Array([20, type | (flags << 16), sequence, 0, -errno]);
    return [...new Uint8Array(words.buffer)];
  }));
}
