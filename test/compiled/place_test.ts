// --install-unit and what it finds at the places where it writes: links, masks, other hands.

import assert from "node:assert/strict";
import { compiled, notCompiled } from "../lab/compiled.ts";
import { must, run } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { assertRefused, image, install, OPTIONS, PROGRAM, uninstall, UNIT, WISH } from "./image.ts";

const skip = notCompiled();

isolatedTest(
  "an image that is the root folder is an image: nothing is started, stopped or flushed",
  async () => {
    const folder = await image();
    // It hides what this very host has there, and has a systemctl that notes that it was called.
    const script = `
    for part in etc/default etc/systemd usr/local; do mount --bind "$1/$part" "/$part"; done
    printf '#!/bin/sh\\ntouch "%s/called"\\n' "$1" >"$1/systemctl"
    chmod 755 "$1/systemctl"
    export PATH="$1:$PATH"
    ip rule add from 192.0.2.1 lookup 1234 priority 27200 protocol 115
    "$2" --install-unit --root /
    cat ${UNIT} ${OPTIONS} ${WISH} >/dev/null
    test -x ${PROGRAM}
    "$2" --uninstall-unit --root /
    ip rule`;
    const said = await must(["unshare", "--mount", "sh", "-euc", script, "sh", folder, compiled]);
    assert.match(said, /^symrouted: installed \/usr\/local\/bin\/symrouted$/m);
    assert.match(said, /^symrouted: removed \/usr\/local\/bin\/symrouted$/m);
    assert.doesNotMatch(said, /started/);
    assert.match(said, /from 192\.0\.2\.1 lookup 1234/);
    await assert.rejects(Deno.lstat(`${folder}/called`));
  },
  { skip },
);

isolatedTest("a umask does not keep the service's user out", async () => {
  const root = await image();
  await must([
    ...[
      "sh",
      "-euc",
      'umask 077; "$2" --install-unit --root "$1" --bindir /opt/sr/bin',
      "sh",
      root,
      compiled,
    ],
  ]);
  for (const path of ["/opt", "/opt/sr", "/opt/sr/bin", "/opt/sr/bin/symrouted"]) {
    assert.equal((await Deno.stat(root + path)).mode! & 0o7777, 0o755, path);
  }
  for (const path of [UNIT, OPTIONS]) {
    assert.equal((await Deno.stat(root + path)).mode! & 0o7777, 0o644, path);
  }
}, { skip });

isolatedTest("an image's link that leads to the host is not followed", async () => {
  for (const path of [OPTIONS, WISH, UNIT, PROGRAM]) {
    const root = await image(), outside = await Deno.makeTempDir({ dir: "/run" });
    const folder = path.replace(/\/[^/]*$/, "");
    await Deno.remove(root + folder, { recursive: true });
    await Deno.symlink(outside, root + folder);
    await assertRefused(root, () => install(root), { reason: /: it leads out of \/\S+, to \// });
    assert.deepEqual([...Deno.readDirSync(outside)], []);
  }
}, { skip });

isolatedTest("an image's link that leads nowhere is named", async () => {
  const root = await image();
  await Deno.remove(`${root}/usr/local`, { recursive: true });
  await Deno.symlink("/var/none", `${root}/usr/local`);
  await assertRefused(root, () => install(root), {
    reason: /^symrouted: \S+\/symrouted: it leads out of \S+, to \/var\/none$/m,
  });
}, { skip });

isolatedTest("a link that enables something else is told of, and replaced by force alone", async () => {
  const root = await image();
  await install(root);
  await Deno.remove(root + WISH);
  for (const target of ["/nowhere", "/dev/null"]) {
    await Deno.symlink(target, root + WISH);
    await assertRefused(root, () => install(root), {
      reason: new RegExp(`wants/symrouted.service: it leads to ${target} \\(--force replaces it\\)$`, "m"),
    });
    assert.equal((await install(root, "--force")).stdout, "symrouted: enabled symrouted.service\n");
    assert.equal(await Deno.readLink(root + WISH), "../symrouted.service");
    await Deno.remove(root + WISH);
  }
}, { skip });

isolatedTest("what is done is told right where it cannot be printed", async () => {
  const root = await image();
  for (const what of ["--install-unit", "--uninstall-unit"]) {
    const { code, stderr } = await run([
      "sh",
      "-c",
      '"$1" $2 --root "$3" >/dev/full',
      "sh",
      compiled,
      what,
      root,
    ]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^symrouted: standard output cannot be written: No space left [^\n]*\(all else is done\)$/m,
    );
  }
}, { skip });

isolatedTest("options that a link leads to stay as they are", async () => {
  const root = await image();
  await Deno.writeTextFile(`${root}/etc/managed`, 'SYMROUTED_OPTIONS="--exclude mine"\n');
  await Deno.symlink("/etc/managed", root + OPTIONS);
  for (const args of [[], ["--force"]]) {
    const { code, stderr } = await install(root, ...args);
    assert.equal(code, 0, stderr);
    assert.equal(await Deno.readLink(root + OPTIONS), "/etc/managed");
  }
  await assertRefused(root, () => install(root, "--exclude", "other"), {
    reason:
      /not installed: \S+\/etc\/default\/symrouted: it is not symrouted's own \(--force replaces it\)$/m,
  });
  assert.match(
    (await uninstall(root)).stdout,
    /left \S+\/etc\/default\/symrouted: it is not symrouted's own/,
  );
  assert.equal(await Deno.readTextFile(`${root}/etc/managed`), 'SYMROUTED_OPTIONS="--exclude mine"\n');
}, { skip });

isolatedTest("no unit is printed that could not be loaded", async () => {
  const folder = await Deno.makeTempDir({ dir: "/run" }), root = await image();
  await Deno.mkdir(`${folder}/a b`);
  for (const name of ["a b/symrouted", "sym%n"]) {
    await Deno.link(compiled, `${folder}/${name}`).catch(() => Deno.copyFile(compiled, `${folder}/${name}`));
    await assertRefused(root, () => run([`${folder}/${name}`, "--print-unit"]), {
      reason: /^symrouted: no unit: \/run\/.* has characters or parts that a unit cannot name as they are/m,
    });
  }
  assert.match(await must([compiled, "--print-unit"]), /^ExecStart=\/\S+\/symrouted \$SYMROUTED_OPTIONS$/m);
}, { skip });
