// The image of a host, as far as installing into one asks for it.

import assert from "node:assert/strict";
import { compiled } from "../lab/compiled.ts";
import { must, type Result, run } from "../lab/process.ts";

export const UNIT = "/etc/systemd/system/symrouted.service";
export const OPTIONS = "/etc/default/symrouted";
export const PROGRAM = "/usr/local/bin/symrouted";
export const WISH = "/etc/systemd/system/multi-user.target.wants/symrouted.service";

/** An image's folder, with what every image has. */
export async function image(): Promise<string> {
  const root = await Deno.makeTempDir({ dir: "/run" });
  await Deno.chmod(root, 0o755);
  for (const path of ["/usr/local/bin", "/etc/default", "/etc/systemd/system/multi-user.target.wants"]) {
    await Deno.mkdir(root + path, { recursive: true });
  }
  return root;
}

export function install(root: string, ...args: string[]): Promise<Result> {
  return run([compiled, "--install-unit", "--root", root, ...args]);
}

export function uninstall(root: string, ...args: string[]): Promise<Result> {
  return run([compiled, "--uninstall-unit", "--root", root, ...args]);
}

/** Everything in a folder: kinds, modes, sizes, targets and sums. */
export function listing(root: string): Promise<string> {
  const script =
    'cd "$1"; find . -printf "%p %y %m %l\\n" | sort; find . -type f -exec sha256sum {} + | sort';
  return must(["sh", "-euc", script, "sh", root]);
}

/** One line says it, with that status, and the image is as it was. */
export async function assertRefused(
  root: string,
  attempt: () => Promise<Result>,
  { reason, status = 1 }: { reason: RegExp; status?: number },
): Promise<void> {
  const before = await listing(root);
  const { code, stdout, stderr } = await attempt();
  assert.equal(code, status, stderr);
  assert.match(stderr, reason);
  assert.equal(stderr.trim().split("\n").length, 1, stderr);
  assert.equal(stdout, "");
  assert.equal(await listing(root), before);
}
