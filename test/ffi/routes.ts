// Routes of a kernel by our own codec: read, and written.

import assert from "node:assert/strict";
import { exchange, Writer } from "../../ffi/request.ts";
import { Socket } from "../../ffi/socket.ts";
import { Kernel } from "../../src/kernel/kernel.ts";
import type { Family } from "../../src/model/address.ts";
import { RouteStore } from "../../src/model/store.ts";
import { Codec } from "./codec.ts";
import type { Sample } from "./sample.ts";

/** Our own dump. */
export class RouteReader implements Disposable {
  readonly codec = new Codec();
  readonly #kernel: Kernel;

  constructor() {
    const { paths } = this.codec;
    this.#kernel = new Kernel(paths, { 4: new RouteStore(4, paths), 6: new RouteStore(6, paths) });
  }

  read(family: Family, table: number): Sample[] {
    const routes: Sample[] = [];
    this.#kernel.readRoutes({ family, table }, (fields) => routes.push(this.codec.sample(fields)));
    return routes;
  }

  [Symbol.dispose](): void {
    this.#kernel[Symbol.dispose]();
  }
}

/** Writes the routes in batches; the kernel has to take all of them. */
export function write(
  codec: Codec,
  samples: readonly Sample[],
  request: { type?: number; flags?: number } = {},
): void {
  using socket = Socket.open();
  const writer = new Writer();
  for (const chunk of chunks(samples, 50)) {
    const sent = chunk.map((sample) => {
      const sequence = socket.nextSequence();
      codec.write(writer, sample, { ...request, sequence });
      return sequence;
    });
    const { refusals, complete } = exchange(socket, writer, sent.at(-1)!);
    const refused = refusals.map(({ sequence, reason }) => [reason, chunk[sent.indexOf(sequence)]]);
    assert.deepEqual({ refused, complete }, { refused: [], complete: true });
  }
}

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from(
    { length: Math.ceil(list.length / size) },
    (_, i) => list.slice(i * size, (i + 1) * size),
  );
}
