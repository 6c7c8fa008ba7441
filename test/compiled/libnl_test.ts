// Which libnl the compiled program works with: the system's where it will do, else its own copy, from memory.

import assert from "node:assert/strict";
import { LIBNL } from "../../ffi/libnl.ts";
import { LIBNL_ROUTE } from "../../ffi/libnl_route.ts";
import { families } from "../lab/addressing.ts";
import { compiled, notCompiled } from "../lab/compiled.ts";
import { assertCured } from "../lab/observe.ts";
import { must, type Result, run } from "../lab/process.ts";
import { isolatedTest, scenario } from "../lab/scenario.ts";
import type { Namespace } from "../lab/netns.ts";

const skip = notCompiled();
const COPY = /^libnl 3\.7\.0, the copy in this program$/m, SYSTEM = /^libnl 3\.\d+\.\d+, the system's$/m;

/** Runs the program where libraries are looked for in that folder first. */
function beside(folder: string, args: string[], host?: Namespace): Promise<Result> {
  const argv = ["env", `LD_LIBRARY_PATH=${folder}`, compiled, ...args];
  return host ? host.run(argv) : run(argv);
}

/** A folder in which a library has that source, or is no library. */
async function folderWith(libraries: Record<string, string | undefined>): Promise<string> {
  const folder = await Deno.makeTempDir({ dir: "/run" });
  for (const [soname, source] of Object.entries(libraries)) {
    const path = `${folder}/${soname}`;
    if (source === undefined) await Deno.writeTextFile(path, "");
    else {await must(["cc", "-shared", "-fPIC", `-Wl,-soname,${soname}`, "-x", "c", "-", "-o", path], {
        stdin: source,
      });}
  }
  return folder;
}

/** A library that has all functions that are used, and a version. */
function imitation(symbols: Record<string, unknown>, version: string): string {
  const names = Object.keys(symbols).filter((name) => !name.startsWith("nl_ver_"));
  return `${names.map((name) => `void ${name}(void) {}`).join("\n")}\n${version}\n`;
}

isolatedTest("the system's libnl is used where it will do", async () => {
  assert.match(await must([compiled, "--version"]), SYSTEM);
}, { skip });

isolatedTest("a library in the current folder is not used", async () => {
  const folder = await folderWith({ [LIBNL.soname]: undefined, [LIBNL_ROUTE.soname]: undefined });
  const { stdout } = await run(["env", "-C", folder, compiled, "--version"]);
  assert.match(stdout, SYSTEM);
}, { skip });

isolatedTest("where the system has only one of the two libraries, both copies are used", async () => {
  for (const soname of [LIBNL.soname, LIBNL_ROUTE.soname]) {
    const { code, stdout } = await beside(await folderWith({ [soname]: undefined }), ["--version"]);
    assert.equal(code, 0);
    assert.match(stdout, COPY, soname);
  }
}, { skip });

isolatedTest("where the system's is too old, the copy is used", async () => {
  for (const [version, expected] of [[0x304, COPY], [0x305, /^libnl 3\.5\.9, the system's$/m]] as const) {
    const numbers = `const int nl_ver_num = ${version}, nl_ver_mic = 9;`;
    const folder = await folderWith({
      [LIBNL.soname]: imitation(LIBNL.symbols, numbers),
      [LIBNL_ROUTE.soname]: imitation(LIBNL_ROUTE.symbols, ""),
    });
    assert.match((await beside(folder, ["--version"])).stdout, expected);
  }
}, { skip });

isolatedTest("where the system's lacks a function, the copy is used", async () => {
  const { nl_socket_alloc: _, ...others } = LIBNL.symbols;
  const numbers = "const int nl_ver_num = 0x400, nl_ver_mic = 0;";
  const folder = await folderWith({ [LIBNL.soname]: imitation(others, numbers) });
  assert.match((await beside(folder, ["--version"])).stdout, COPY);
}, { skip });

scenario("the copy does the work, and nothing is written to a disk for it", async (world) => {
  const folder = await folderWith({ [LIBNL.soname]: undefined });
  // Nowhere is there a file system that could be written to.
  const script = `
    findmnt --list --noheadings --output TARGET | while read -r target; do
      mount -o remount,bind,ro "$target" 2>/dev/null || :
    done
    for folder in / /tmp /var/tmp /dev/shm /run "$1"; do
      if touch "$folder/here" 2>/dev/null; then echo "$folder can be written to"; exit 99; fi
    done
    LD_LIBRARY_PATH="$1" exec "$2" --once`;
  const { code, stdout, stderr } = await world.host.run(
    ["unshare", "--mount", "sh", "-euc", script, "sh", folder, compiled],
  );
  assert.equal(code, 0, stderr);
  assert.match(stdout, /4 rules added/);
  for (const family of families) await assertCured(world, family);
}, { skip });

scenario("the copy's caches and rule objects: the daemon follows", async (world) => {
  const { host } = world;
  const folder = await folderWith({ [LIBNL.soname]: undefined });
  const daemon = host.spawn(["env", `LD_LIBRARY_PATH=${folder}`, compiled]);
  await using _daemon = daemon;
  await daemon.line(/ready: 4 rules/);
  await host.ip("addr add 10.9.9.9/32 dev em2");
  await daemon.line(/1 rule added/);
  await host.ip("addr del 10.9.9.9/32 dev em2");
  await daemon.line(/1 rule removed/);
  assert.equal(await daemon.stop("SIGTERM"), 0);
}, { skip });
