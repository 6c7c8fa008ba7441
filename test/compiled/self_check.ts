// All that depends on the machine and not on its kernel: the libraries from memory, C's calls, and messages that we and
// libnl write and read for each other. Compiled for a machine and run on it, it prints one line for each thing that holds.

import assert from "node:assert/strict";
import { ERRNO } from "../../ffi/error.ts";
import { libc } from "../../ffi/libc.ts";
import { libnlInUse } from "../../ffi/libnl_pair.ts";
import { liveHandles } from "../../ffi/owned.ts";
import { Writer } from "../../ffi/request.ts";
import { writeRule } from "../../ffi/rule.ts";
import { Waiter } from "../../ffi/waiter.ts";
import { ACTION_LOOKUP } from "../../src/model/records.ts";
import { Codec, firstMessage } from "../ffi/codec.ts";
import { built, parsed } from "../ffi/oracle.ts";
import { repeat } from "../ffi/random.ts";
import { randomSample } from "../ffi/sample.ts";

const ROUTES = 40;

const checks: Record<string, () => void | Promise<void>> = {
  "libnl is the copy in the program"() {
    assert.deepEqual(libnlInUse(), { version: "3.7.0", origin: "embedded" });
  },
  "libc names errors"() {
    const text = libc().strerror(ERRNO.EPERM);
    assert.ok(text);
    assert.equal(Deno.UnsafePointerView.getCString(text), "Operation not permitted");
  },
  async "a descriptor is waited for"() {
    const [ready, quiet] = [1, 0].map((initial) => libc().eventfd(initial, 0));
    using waiter = new Waiter(quiet);
    assert.equal(waiter.ready(0), false);
    const waiting = waiter.wait(-1, [ready]);
    await waiting;
    libc().close(ready);
    libc().close(quiet);
  },
  "libnl reads in our messages what we wrote"() {
    const codec = new Codec();
    repeat(ROUTES, (random) => {
      const sample = randomSample(random);
      assert.deepEqual(parsed(codec.encode(sample)), sample);
    });
  },
  "we read in libnl's messages what it wrote"() {
    const codec = new Codec();
    repeat(ROUTES, (random) => {
      const sample = randomSample(random);
      assert.deepEqual(codec.decode(firstMessage(built(sample))), sample);
    });
  },
  "libnl writes rules"() {
    const rule = { family: 6, priority: 27200, action: ACTION_LOOKUP, table: 1002, protocol: 115 } as const;
    writeRule(new Writer(), { ...rule, from: "2001:db8::1" }, { add: true, sequence: 1 });
  },
  "no C object is left"() {
    assert.deepEqual(liveHandles(), {});
  },
};

for (const [name, check] of Object.entries(checks)) {
  await check();
  console.log(`${name}`);
}
console.log(`${Object.keys(checks).length} checks hold`);
