// Kernel settings, read by libc.

import assert from "node:assert/strict";
import { readArp, readSetting } from "../../ffi/sysctl.ts";
import "./libraries.ts";

Deno.test("a setting is what its file says", async () => {
  const path = "net/ipv4/conf/all/arp_ignore";
  assert.equal(readSetting(path), Number(await Deno.readTextFile(`/proc/sys/${path}`)));
  assert.equal(typeof readArp("lo")?.announce, "number");
});

Deno.test("what is not there, or no number, is absent", () => {
  assert.equal(readSetting("net/ipv4/conf/no-such-interface/arp_ignore"), undefined);
  assert.equal(readSetting("kernel/ostype"), undefined);
  assert.equal(readSetting("net"), undefined);
  assert.equal(readArp("no-such-interface"), undefined);
});

Deno.test("reading leaves nothing open", () => {
  const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = open();
  for (let i = 0; i < 100; i++) for (const name of ["lo", "no-such-interface"]) readArp(name);
  assert.equal(open(), before);
});
