// Bad days: no privilege, no library.

import assert from "node:assert/strict";
import { folderOf } from "../setup.ts";
import { state } from "../lab/observe.ts";
import type { Namespace } from "../lab/netns.ts";
import type { Result } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";
import { once, program, symrouted } from "../lab/symrouted.ts";

for (const args of [["--once"], ["--flush"], []]) {
  scenario(`\`${["symrouted", ...args].join(" ")}\` without CAP_NET_ADMIN`, async ({ host }) => {
    if (args.includes("--flush")) await once(host);
    const before = await state(host);
    const { code, stdout, stderr } = await symrouted(host, args, { without: "net_admin" });
    assert.equal(code, 4, stdout + stderr);
    assert.match(stderr, /^symrouted: [^\n]*CAP_NET_ADMIN[^\n]*\n$/);
    assert.equal(stdout, "");
    assert.equal(await state(host), before);
  });
}

for (const library of ["libnl-3.so.200", "libnl-route-3.so.200"]) {
  scenario(`without ${library}`, async ({ host }) => {
    const before = await state(host);
    const { code, stdout, stderr } = await without(library, host, ["--once"]);
    assert.equal(code, 5, stdout + stderr);
    assert.match(stderr, /^symrouted: [^\n]+\n$/);
    for (
      const word of [
        library,
        "Debian",
        "libnl-3-200",
        "libnl-route-3-200",
        "Fedora",
        "libnl3",
        "Arch",
        "Alpine",
      ]
    ) {
      assert.ok(stderr.includes(word), `${word} is not in: ${stderr}`);
    }
    assert.equal(await state(host), before);
  });
}

scenario("--help and --version work without the libraries", async ({ host }) => {
  const help = await without("libnl-3.so.200", host, ["--help"]);
  assert.equal(help.code, 0, help.stderr);
  assert.match(help.stdout, /--once/);
  const version = await without("libnl-3.so.200", host, ["--version"]);
  assert.equal(version.code, 0, version.stderr);
  assert.match(version.stdout, /^symrouted \d.*\nlibnl-3\.so\.200 cannot be opened: .*\nDeno /);
});

scenario("bad usage is told before a missing library", async ({ host }) => {
  assert.equal((await without("libnl-3.so.200", host, ["--frobnicate"])).code, 2);
});

/** Runs the program where the library's folder is the real one without the library. */
function without(library: string, host: Namespace, args: string[]): Promise<Result> {
  const folder = folderOf(library);
  assert.ok(folder, `${library} is not installed`);
  const script = `
    real=$(mktemp -d -p /run) copy=$(mktemp -d -p /run)
    mount --bind "$1" "$real"
    ln -s "$real"/* "$copy"
    rm "$copy"/"$2"
    mount --bind "$copy" "$1"
    shift 2
    exec "$@"`;
  return host.run(["unshare", "--mount", "sh", "-euc", script, "sh", folder, library, ...program(), ...args]);
}
