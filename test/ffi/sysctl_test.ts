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
  for (const name of ["lo", "no-such-interface"]) readArp(name);
  assert.deepEqual(openSettings(), []);
});

/** The files of settings that this process has open; others come and go as the runtime likes. */
function openSettings(): string[] {
  const paths = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`);
    } catch {
      return "closed by now";
    }
  });
  return paths.filter((path) => path.startsWith("/proc/sys/"));
}
