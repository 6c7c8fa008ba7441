// --install-unit and --uninstall-unit at the same time: one does it, and the others say so and change nothing.

import assert from "node:assert/strict";
import { compiled, notCompiled } from "../lab/compiled.ts";
import { must, Process, run } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { assertRefused, image, install, OPTIONS, PROGRAM, uninstall } from "./image.ts";

const skip = notCompiled();
const BUSY = /^symrouted: not (installed|removed): process \d+ is changing the service just now \(try again /;

isolatedTest("of several installations at once one is made, and that one whole", async () => {
  for (let turn = 0; turn < 2; turn++) {
    const root = await image(), names = ["a", "b", "c", "d"];
    const results = await Promise.all(names.map((name) => install(root, "--exclude", name)));
    const done = names.filter((_, index) => results[index].code === 0);
    for (const { code, stderr } of results) assert.ok(code === 0 || BUSY.test(stderr), stderr);
    assert.ok(done.length > 0);
    const kept = /"--exclude (.)"/.exec(await Deno.readTextFile(root + OPTIONS))?.[1];
    assert.ok(done.includes(kept!), `${kept} of ${done}`);
    const left = await must(["find", root, "-name", ".*"]);
    assert.equal(left, "");
  }
}, { skip });

isolatedTest("who has the turn is named, and it ends with its process", async () => {
  const root = await image();
  await install(root);
  {
    await using holder = new Process(["flock", "--no-fork", root, "sh", "-c", "echo held; exec sleep 60"]);
    await holder.line(/held/);
    for (const attempt of [() => install(root, "--exclude", "a"), () => uninstall(root)]) {
      await assertRefused(root, attempt, { reason: new RegExp(`process ${holder.pid} is changing`) });
    }
    // Another root folder is another service.
    assert.equal((await install(await image())).code, 0);
  }
  assert.equal((await uninstall(root)).code, 0);
}, { skip });

isolatedTest(
  "where systemd is in another network, or root folder, nothing is changed or flushed",
  async () => {
    const root = await image();
    // As on a host where systemd runs, on what is not this host's own.
    const script = `
    for part in etc/default etc/systemd usr/local; do mount --bind "$1/$part" "/$part"; done
    ip rule add from 192.0.2.2 lookup 1234 priority 27200 protocol 115
    for what in --install-unit --uninstall-unit; do
      unshare --net "$2" $what || echo $?
      unshare --root "$1/there" /symrouted $what || echo $?
    done
    ip rule
    ip rule delete from 192.0.2.2`;
    for (const path of ["there/run", "there/proc", "there/lib", "there/lib64", "there/usr", "there/dev"]) {
      await Deno.mkdir(`${root}/${path}`, { recursive: true });
    }
    const bound = `mkdir -p /run/systemd; mount -t tmpfs tmpfs /run/systemd; mkdir /run/systemd/system
    touch "$1/there/symrouted"; mount --bind "$2" "$1/there/symrouted"; for part in run proc lib lib64 usr dev; do
    [ ! -d /$part ] || mount --rbind /$part "$1/there/$part"; done; ${script}`;
    const { stdout, stderr } = await run(["unshare", "--mount", "sh", "-euc", bound, "sh", root, compiled]);
    assert.match(stdout, /^1\n1\n1\n1\n[^]*from 192\.0\.2\.2 lookup 1234/, stdout + stderr);
    for (const what of ["installed", "removed"]) {
      assert.ok(
        stderr.includes(`not ${what}: systemd runs in another network namespace, and so does`),
        stderr,
      );
      assert.ok(stderr.includes(`not ${what}: systemd runs in another root folder (`), stderr);
    }
    await assert.rejects(Deno.lstat(root + PROGRAM));
  },
  { skip },
);
