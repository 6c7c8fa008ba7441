// --uninstall-unit in an image's folder: what is ours goes, and nothing else.

import assert from "node:assert/strict";
import { notCompiled } from "../lab/compiled.ts";
import { run } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { assertRefused, image, install, listing, OPTIONS, PROGRAM, uninstall, UNIT, WISH } from "./image.ts";

const skip = notCompiled();
const PACKAGED = "/usr/lib/systemd/system/symrouted.service";

/** Puts a file there that is nobody's of ours. */
async function put(path: string, text: string): Promise<void> {
  await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
  await Deno.writeTextFile(path, text);
}

async function edit(path: string, from: string, to: string): Promise<void> {
  const text = await Deno.readTextFile(path);
  assert.ok(text.includes(from), text);
  await Deno.writeTextFile(path, text.replace(from, to));
}

function isThere(path: string): boolean {
  try {
    return Boolean(Deno.lstatSync(path));
  } catch {
    return false;
  }
}

isolatedTest("a unit that was edited says nothing of what may be removed", async () => {
  const root = await image();
  await install(root);
  await put(`${root}/usr/bin/nice`, "the system's");
  await edit(root + UNIT, `ExecStart=${PROGRAM}`, `ExecStart=/usr/bin/nice -n -5 ${PROGRAM}`);
  await assertRefused(root, () => uninstall(root), {
    reason: /not removed: \S+symrouted\.service: it was edited by hand \(--force removes it\)$/m,
  });
  const { code, stdout, stderr } = await uninstall(root, "--force");
  assert.equal(code, 0, stderr);
  assert.ok(stdout.includes(`removed ${root}${PROGRAM}\n`), stdout);
  assert.equal(await Deno.readTextFile(`${root}/usr/bin/nice`), "the system's");
}, { skip });

isolatedTest("nor does one that somebody else has written", async () => {
  const root = await image();
  for (const path of ["/opt/deno/deno", "/opt/other/symrouted"]) {
    await put(root + path, "not ours");
    await Deno.writeTextFile(root + UNIT, `[Service]\nExecStart=${path} run -A main.ts\n`);
    await assertRefused(root, () => uninstall(root), { reason: /it is not symrouted's own \(--force/ });
    const { code, stdout, stderr } = await uninstall(root, "--force");
    assert.equal(code, 0, stderr);
    assert.equal(stdout.includes(`symrouted: left ${root}${path}: `), path.endsWith("/symrouted"), stdout);
    assert.equal(await Deno.readTextFile(root + path), "not ours");
  }
}, { skip });

isolatedTest(
  "options that a person has written are left, and that is said; --force removes them",
  async () => {
    const root = await image();
    for (const by of ["edited by hand", "not symrouted's own"]) {
      await install(root, "--exclude", "a");
      if (by.startsWith("edited")) await edit(root + OPTIONS, "--exclude a", "--exclude mine");
      else await Deno.writeTextFile(root + OPTIONS, 'SYMROUTED_OPTIONS="--exclude mine"\n');
      const { code, stdout, stderr } = await uninstall(root);
      assert.equal(code, 0, stderr);
      assert.match(
        stdout,
        new RegExp(`left \\S+${OPTIONS}: it (is|was) ${by} \\(--force removes it\\)$`, "m"),
      );
      assert.ok(!isThere(root + UNIT) && isThere(root + OPTIONS));
      // Whoever installs again has them.
      assert.equal((await install(root)).code, 0);
      assert.match(await Deno.readTextFile(root + OPTIONS), /--exclude mine/);
      assert.equal((await uninstall(root, "--force")).code, 0);
      assert.ok(!isThere(root + OPTIONS));
    }
  },
  { skip },
);

isolatedTest("what a package needs stays: its link, its options, its executable", async () => {
  const root = await image();
  await put(root + PACKAGED, "[Service]\nExecStart=/usr/bin/symrouted $SYMROUTED_OPTIONS\n");
  await put(`${root}/usr/bin/symrouted`, "the package's");
  await put(root + OPTIONS, 'SYMROUTED_OPTIONS="--exclude a"\n');
  await Deno.symlink(PACKAGED, root + WISH);
  const before = await listing(root);
  assert.equal((await install(root, "--force")).code, 0);
  const { code, stdout, stderr } = await uninstall(root);
  assert.equal(code, 0, stderr);
  assert.ok(stdout.includes(`symrouted: left ${root}${OPTIONS}: `), stdout);
  assert.equal(await listing(root), before);
  // A link that was ours enabled ours.
  await Deno.remove(root + WISH);
  const disabled = await listing(root);
  assert.equal((await install(root, "--force")).code, 0);
  assert.equal((await uninstall(root)).code, 0);
  assert.equal(await listing(root), disabled);
}, { skip });

isolatedTest("a folder in the executable's place is not ours", async () => {
  const root = await image();
  await put(`${root}/opt/symrouted/README`, "");
  const before = await listing(root);
  const { code, stdout } = await uninstall(root, "--bindir", "/opt");
  assert.deepEqual([code, stdout], [0, "symrouted: nothing to do: it is not installed\n"]);
  assert.equal(await listing(root), before);
}, { skip });

isolatedTest("from its source it cannot be removed", async () => {
  const root = await image();
  await put(root + PROGRAM, "");
  const main = new URL("../../src/main.ts", import.meta.url).pathname;
  const deno = [Deno.execPath(), "run", "-A", "--cached-only", main];
  await assertRefused(root, () => run([...deno, "--uninstall-unit", "--root", root]), {
    reason: /^symrouted: not removed: only the compiled executable can remove itself /m,
  });
});
