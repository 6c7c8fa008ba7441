// --install-unit and --uninstall-unit on a host whose systemctl fails: one that the test has made, which notes its calls.

import assert from "node:assert/strict";
import { compiled, notCompiled } from "../lab/compiled.ts";
import { type Result, run } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { image, listing } from "./image.ts";

const skip = notCompiled();

/** Runs the program where the image's folder has what a host has, with a systemctl that fails when asked for one of these. */
async function onHost(
  root: string,
  args: string[],
  { failing }: { failing: string[] },
): Promise<Result & { asked: string[] }> {
  const script = `
    root=$1; shift
    for part in etc/default etc/systemd usr/local; do mount --bind "$root/$part" "/$part"; done
    mount --bind "$root/tools" /mnt
    mount -t tmpfs tmpfs /run
    mkdir -p /run/systemd/system
    PATH="/mnt:$PATH" "$@"`;
  const systemctl = `#!/bin/sh
    echo "$1" >>/mnt/asked
    case $1 in
      show) echo ActiveState=active ;;
      ${failing.join("|") || "nothing"}) echo "$1: no way to systemd" >&2; exit 1 ;;
    esac\n`;
  await Deno.mkdir(`${root}/tools`, { recursive: true });
  await Deno.writeTextFile(`${root}/tools/asked`, "");
  for (const [name, text] of [["systemctl", systemctl], ["journalctl", "#!/bin/sh\n"]]) {
    await Deno.writeTextFile(`${root}/tools/${name}`, text, { mode: 0o755 });
  }
  const result = await run(["unshare", "--mount", "sh", "-euc", script, "sh", root, compiled, ...args]);
  const asked = (await Deno.readTextFile(`${root}/tools/asked`)).trim().split("\n");
  await Deno.remove(`${root}/tools`, { recursive: true });
  return { ...result, asked };
}

isolatedTest(
  "where systemd does not answer, files are as they were, and the service was not touched",
  async () => {
    const root = await image(), before = await listing(root);
    const install = await onHost(root, ["--install-unit"], { failing: ["daemon-reload"] });
    assert.equal(install.code, 1);
    assert.equal(
      install.stderr,
      "symrouted: systemctl daemon-reload: daemon-reload: no way to systemd " +
        "(all is as it was, but systemctl daemon-reload: daemon-reload: no way to systemd)\n",
    );
    assert.deepEqual(install.asked, ["show", "daemon-reload", "daemon-reload"]);
    assert.equal(await listing(root), before);
  },
  { skip },
);

isolatedTest("whatever of the way back fails, the service that ran is started again", async () => {
  const root = await image(), before = await listing(root);
  const failing = ["restart", "stop", "reset-failed"];
  const install = await onHost(root, ["--install-unit"], { failing });
  assert.equal(install.code, 1);
  assert.match(
    install.stderr,
    /^symrouted: not installed: the service does not get ready: .+ \(all is as it was\)\n$/,
  );
  assert.deepEqual(install.asked.slice(1), [
    ...["daemon-reload", "restart", "stop", "daemon-reload", "reset-failed", "start"],
  ]);
  assert.equal(await listing(root), before);

  assert.equal((await onHost(root, ["--install-unit"], { failing: [] })).code, 0);
  const whole = await listing(root);
  const removal = await onHost(root, ["--uninstall-unit"], { failing: ["daemon-reload"] });
  assert.equal(removal.code, 1);
  assert.match(
    removal.stderr,
    /^symrouted: systemctl daemon-reload: .+ \(all is as it was, but systemctl daemon-reload: .+\)\n$/,
  );
  assert.equal(removal.asked.at(-1), "start");
  assert.equal(await listing(root), whole);
}, { skip });
