// Kernel settings, read by libc.

import assert from "node:assert/strict";
import { ERRNO } from "../../ffi/error.ts";
import { readArp, readSetting, writeSetting } from "../../ffi/sysctl.ts";
import { inside } from "./inside.ts";

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

inside("a setting is written, or it is told why not", async (host) => {
  await host.batch(["link add em1 type veth peer name other"]);
  const path = "net/ipv4/conf/em1/rp_filter";
  for (const value of [2, 1, 0]) {
    writeSetting(path, value);
    assert.equal(readSetting(path), value);
  }
  const missing = "net/ipv4/conf/no-such-interface/rp_filter";
  const message = `write 2 to /proc/sys/${missing}: No such file or directory`;
  assert.throws(() => writeSetting(missing, 2), { name: "NetlinkError", code: ERRNO.ENOENT, message });
  assert.throws(() => writeSetting("net/ipv4/conf/em1/forwarding", 1e12), { code: ERRNO.EINVAL });
  assert.deepEqual(openSettings(), []);
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
