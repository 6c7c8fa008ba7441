// --install-unit and --uninstall-unit as far as they change files: in an image's folder, where no systemd runs.

import assert from "node:assert/strict";
import { compiled, notCompiled } from "../lab/compiled.ts";
import { must, run } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { assertRefused, image, install, listing, OPTIONS, PROGRAM, uninstall, UNIT, WISH } from "./image.ts";

const skip = notCompiled();

isolatedTest("into an image: the executable, its unit, its options, enabled; and gone again", async () => {
  const root = await image(), empty = await listing(root);
  const { code, stdout, stderr } = await install(
    root,
    "--exclude",
    "wg*",
    "--set-route-metric",
    "mtu=lock 1400",
  );
  assert.equal(code, 0, stderr);
  for (const path of [PROGRAM, UNIT, OPTIONS]) {
    assert.ok(stdout.includes(`installed ${root}${path}\n`), stdout);
  }
  assert.deepEqual(await Deno.readFile(root + PROGRAM), await Deno.readFile(compiled));
  assert.equal((await Deno.stat(root + PROGRAM)).mode! & 0o7777, 0o755);
  assert.match(
    await Deno.readTextFile(root + UNIT),
    /^ExecStart=\/usr\/local\/bin\/symrouted \$SYMROUTED_OPTIONS$/m,
  );
  assert.match(
    await Deno.readTextFile(root + OPTIONS),
    /^SYMROUTED_OPTIONS="--exclude wg\* .*'mtu=lock 1400'"$/m,
  );
  assert.equal(await Deno.readLink(root + WISH), "../symrouted.service");
  const whole = await listing(root);
  const again = await install(root, "--exclude", "wg*", "--set-route-metric", "mtu=lock 1400");
  assert.deepEqual([again.code, again.stdout], [0, "symrouted: nothing to do\n"], again.stderr);
  assert.equal((await install(root)).stdout, "symrouted: nothing to do\n");
  assert.equal(await listing(root), whole);
  // One that differs in its last byte alone is another one.
  await must(["sh", "-euc", 'truncate -s -1 "$1"; printf x >>"$1"', "sh", root + PROGRAM]);
  assert.equal((await install(root)).stdout, `symrouted: replaced ${root}${PROGRAM}\n`);
  assert.equal(await listing(root), whole);
  const removal = await uninstall(root);
  assert.equal(removal.code, 0, removal.stderr);
  assert.equal(await listing(root), empty);
  const nothing = await uninstall(root);
  assert.deepEqual([nothing.code, nothing.stdout], [0, "symrouted: nothing to do: it is not installed\n"]);
}, { skip });

isolatedTest("another place for the executable", async () => {
  const root = await image();
  assert.equal((await install(root, "--bindir", "/opt/symrouted/bin/")).code, 0);
  assert.match(await Deno.readTextFile(root + UNIT), /^ExecStart=\/opt\/symrouted\/bin\/symrouted /m);
  assert.ok((await Deno.stat(`${root}/opt/symrouted/bin/symrouted`)).isFile);
  // It stays there unless told otherwise.
  assert.equal((await install(root)).stdout, "symrouted: nothing to do\n");
  const moved = await install(root, "--bindir", "/usr/local/bin");
  assert.ok(moved.stdout.includes(`installed ${root}${PROGRAM}\n`), moved.stdout);
  assert.ok(moved.stdout.includes(`removed ${root}/opt/symrouted/bin/symrouted\n`), moved.stdout);
  await assert.rejects(Deno.stat(`${root}/opt/symrouted/bin/symrouted`));
  assert.equal((await install(root, "--bindir", "/opt/symrouted/bin")).code, 0);
  assert.equal((await uninstall(root)).code, 0);
  for (const path of [PROGRAM, "/opt/symrouted/bin/symrouted"]) await assert.rejects(Deno.stat(root + path));
}, { skip });

isolatedTest(
  "an executable that nothing tells to be ours is neither replaced nor removed unasked",
  async () => {
    const root = await image(), own = "#!/bin/sh\necho mine\n";
    await Deno.writeTextFile(root + PROGRAM, own);
    const reason =
      /usr\/local\/bin\/symrouted: nothing tells that it is symrouted's own \(--force replaces it\)$/m;
    await assertRefused(root, () => install(root), { reason });
    const nothing = await uninstall(root);
    assert.deepEqual([nothing.code, nothing.stdout], [0, "symrouted: nothing to do: it is not installed\n"]);
    assert.equal(await Deno.readTextFile(root + PROGRAM), own);
    assert.equal((await install(root, "--force")).code, 0);
    // What somebody has put there since is no unit's of ours to tell.
    await Deno.remove(root + UNIT);
    await Deno.writeTextFile(root + PROGRAM, own);
    const { stdout } = await uninstall(root);
    assert.match(
      stdout,
      /left \S+\/symrouted: nothing tells that it is symrouted's own \(--force removes it\)$/m,
    );
    assert.equal(await Deno.readTextFile(root + PROGRAM), own);
  },
  { skip },
);

isolatedTest(
  "options are replaced when others are given, and kept when a person has written them",
  async () => {
    const root = await image();
    await install(root, "--exclude", "a");
    const other = await install(root, "--exclude", "b");
    assert.ok(
      other.stdout.includes(`replaced ${root}${OPTIONS}: --exclude b (it was: --exclude a)`),
      other.stdout,
    );
    await Deno.writeTextFile(root + OPTIONS, 'SYMROUTED_OPTIONS="--exclude mine"\n');
    assert.equal((await install(root)).stdout, "symrouted: nothing to do\n");
    assert.equal((await install(root, "--exclude", "mine")).stdout, "symrouted: nothing to do\n");
    const reason =
      /not installed: \S+\/etc\/default\/symrouted: it is not symrouted's own \(--force replaces it\)$/m;
    await assertRefused(root, () => install(root, "--exclude", "c"), { reason });
    assert.equal((await install(root, "--exclude", "c", "--force")).code, 0);
    assert.match(await Deno.readTextFile(root + OPTIONS), /"--exclude c"/);
  },
  { skip },
);

isolatedTest("a unit that was edited, or that a package has brought, is not replaced unasked", async () => {
  const root = await image();
  await install(root);
  await Deno.writeTextFile(root + UNIT, (await Deno.readTextFile(root + UNIT)).replace("30s", "90s"));
  await assertRefused(root, () => install(root), {
    reason: /symrouted\.service: it was edited by hand \(--force/,
  });
  assert.equal((await install(root, "--force")).stdout, `symrouted: replaced ${root}${UNIT}\n`);
  await Deno.mkdir(`${root}/usr/lib/systemd/system`, { recursive: true });
  await Deno.writeTextFile(`${root}/usr/lib/systemd/system/symrouted.service`, "[Service]\n");
  await assertRefused(root, () => install(root), {
    reason: /symrouted\.service: it came with a package \(--force/,
  });
  await Deno.writeTextFile(root + UNIT, "[Service]\nExecStart=/usr/bin/symrouted\n");
  await assertRefused(root, () => uninstall(root), {
    reason: /symrouted\.service: it is not symrouted's own \(--force removes it\)/,
  });
}, { skip });

isolatedTest("a place that cannot be written to, or has no room", async () => {
  const worlds: [mount: string, reason: RegExp][] = [
    [
      'mount --bind "$1/usr" "$1/usr"; mount -o remount,bind,ro "$1/usr"',
      /symrouted cannot be written: Read-only file/,
    ],
    [
      'mount -t tmpfs -o size=8m tmpfs "$1/usr/local/bin"',
      /symrouted cannot be written: No space left on device/,
    ],
    ['rmdir "$1/usr/local/bin"; touch "$1/usr/local/bin"', /usr\/local\/bin\S* cannot be written: /],
  ];
  for (const [mount, reason] of worlds) {
    const root = await image();
    const script =
      `${mount}; "$2" --install-unit --root "$1" || status=$?; find "$1/etc" "$1/usr/local/" -type f -size +0; exit $status`;
    const { code, stdout, stderr } = await run([
      "unshare",
      "--mount",
      "sh",
      "-euc",
      script,
      "sh",
      root,
      compiled,
    ]);
    assert.equal(code, 1, stderr);
    assert.match(stderr, reason);
    assert.deepEqual([stdout, stderr.trim().split("\n").length], ["", 1], stderr);
  }
}, { skip });

isolatedTest("where it cannot be done at all, one line says why", async () => {
  const root = await image();
  const cases: [args: string[], status: number, reason: RegExp][] = [
    [
      ["--install-unit"],
      1,
      /^symrouted: not installed: systemd does not run here \(use --root for an image, or --once\)$/m,
    ],
    [["--uninstall-unit"], 1, /^symrouted: not removed: systemd does not run here /m],
    [["--install-unit", "--root", "/none"], 1, /^symrouted: not installed: there is no folder \/none$/m],
    [["--uninstall-unit", "--root", "/none"], 1, /^symrouted: not removed: there is no folder \/none$/m],
    [["--install-unit", "--once"], 2, /--once and --install-unit exclude each other/],
    [["--install-unit", "--uninstall-unit"], 2, /exclude each other/],
    [["--no-start"], 2, /--no-start belongs to --install-unit/],
    [["--install-unit", "--keep-routes"], 2, /--keep-routes belongs to --uninstall-unit/],
    [["--install-unit", "--priority", "none"], 2, /--priority: none is not a number/],
    [["--install-unit", "--bindir", "bin"], 2, /--bindir: bin is no absolute path/],
    [["--install-unit", "--bindir", "/usr//bin/"], 2, /--bindir: \/usr\/bin is for what packages bring/],
    [["--install-unit", "--bindir", "/root/bin"], 2, /--bindir: the service sees nothing of \/root/],
    [["--install-unit", "--bindir", "/opt/a b"], 2, /--bindir: \/opt\/a b has characters/],
    [["--install-unit", "--root", "image"], 2, /--root: image is no absolute path/],
    [["--install-unit", "--root", "/nö ne"], 1, /there is no folder \/nö ne/],
    [["--install-unit", "--exclude", "a\rb"], 2, /control character/],
    [["--uninstall-unit", "--exclude", "a"], 2, /a service is removed with the options that it has/],
  ];
  for (const [args, status, reason] of cases) {
    await assertRefused(root, () => run([compiled, ...args]), { status, reason });
  }
  const unprivileged = [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    compiled,
    "--install-unit",
  ];
  await assertRefused(root, () => run(unprivileged), { status: 4, reason: /not installed: only root may/ });
}, { skip });

isolatedTest("from its source it cannot be installed", async () => {
  const main = new URL("../../src/main.ts", import.meta.url).pathname;
  const { code, stderr } = await run([Deno.execPath(), "run", "-A", "--cached-only", main, "--install-unit"]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^symrouted: not installed: only the compiled executable can install itself \(deno task compile\)$/m,
  );
});
