// Our own codec, as the tests use it: from a sample to a message and back.

import { type Datagram, FLAG, MESSAGE, type Message, messages } from "../../ffi/message.ts";
import { Writer } from "../../ffi/request.ts";
import { RouteCodec, type RouteFields } from "../../ffi/route.ts";
import { Paths } from "../../src/model/paths.ts";
import type { Sample } from "./sample.ts";

/** A codec and the paths that it numbers. */
export class Codec {
  readonly paths = new Paths();
  readonly codec = new RouteCodec(this.paths);

  /** The request to add the route. */
  encode(sample: Sample, request: Partial<Request> = {}): Uint8Array<ArrayBuffer> {
    const writer = new Writer();
    this.write(writer, sample, request);
    return writer.written;
  }

  /** Appends the request to add the route. */
  write(writer: Writer, sample: Sample, request: Partial<Request> = {}): void {
    const { type = MESSAGE.newRoute, flags = FLAG.create, sequence = 1 } = request;
    this.codec.encode(writer, this.fields(sample), { type, flags, sequence });
  }

  fields({ words, path, ...key }: Sample): RouteFields {
    const room = new Uint32Array(4);
    room.set(words);
    return { ...key, words: room, path: this.paths.intern(path) };
  }

  /** The route in one message, or undefined where there is none. */
  decode(message: Message): Sample | undefined {
    const fields = this.codec.decode(message, () => true);
    return fields && this.sample(fields);
  }

  /** A copy of what the codec gave. */
  sample({ words, path, ...key }: RouteFields): Sample {
    return { ...key, words: [...words.subarray(0, key.family === 4 ? 1 : 4)], path: this.paths.get(path) };
  }
}

interface Request {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
}

/** Bytes as a datagram of the usual size, with `filler` behind them. */
export function datagramOf(bytes: Uint8Array, filler = 0): Datagram {
  const room = new Uint8Array(64 * 1024).fill(filler);
  room.set(bytes);
  return { bytes: room, words: new Uint32Array(room.buffer), length: bytes.length };
}

/** The first message in the bytes. */
export function firstMessage(bytes: Uint8Array): Message {
  for (const message of messages(datagramOf(bytes))) return message;
  throw new Error("there is no message");
}
