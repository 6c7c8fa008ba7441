// Addresses as text against inet_ntop(3), which `ip` prints with.

import assert from "node:assert/strict";
import { AF_INET, AF_INET6, swap32 } from "../../ffi/message.ts";
import { type Family, formatIp, parseIp } from "../../src/model/address.ts";
import { repeat } from "./random.ts";
import { randomWords } from "./sample.ts";

const { symbols: libc } = Deno.dlopen("libc.so.6", {
  // const char *inet_ntop(int af, const void *src, char *dst, socklen_t size): gives dst
  inet_ntop: { parameters: ["i32", "buffer", "buffer", "u32"], result: "pointer" },
});

function inetNtop(family: Family, words: readonly number[]): string {
  const room = new Uint8Array(64);
  libc.inet_ntop(family === 4 ? AF_INET : AF_INET6, Uint32Array.from(words, swap32), room, room.length);
  return new TextDecoder().decode(room.subarray(0, room.indexOf(0)));
}

Deno.test("an address's text is inet_ntop's, and reads back as the same words", () => {
  repeat(20_000, (random) => {
    const family = random.pick([4, 6] as const);
    const words = randomWords(random, family);
    const text = formatIp(family, words);
    assert.equal(text, inetNtop(family, words));
    assert.deepEqual(parseIp(text), { family, words });
  });
});
