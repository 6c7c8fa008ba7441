// A daemon that fails at each start begins ever later; one that is told to end meanwhile ends at once.

import assert from "node:assert/strict";
import { NotifySocket } from "../lab/notify_socket.ts";
import type { Namespace } from "../lab/netns.ts";
import { scenario } from "../lab/scenario.ts";
import { Daemon, program, symrouted } from "../lab/symrouted.ts";

/** Starts it beside another daemon, which makes it fail; gives how long that took, and what it said. */
async function fail(host: Namespace, folder: string): Promise<{ seconds: number; stderr: string }> {
  const began = performance.now();
  const { code, stderr } = await symrouted(host, [], { env: { RUNTIME_DIRECTORY: folder } });
  assert.equal(code, 1);
  return { seconds: (performance.now() - began) / 1000, stderr };
}

scenario("the third start in a row waits, and the fourth for longer; then each says so", async ({ host }) => {
  const folder = await Deno.makeTempDir({ dir: "/run" });
  const running = await Daemon.start(host);
  const tries = [];
  for (let turn = 0; turn < 4; turn++) tries.push(await fail(host, folder));
  assert.ok(tries[1].seconds < 1, `the second took ${tries[1].seconds} s`);
  assert.doesNotMatch(tries[1].stderr, /in a row/);
  assert.match(
    tries[2].stderr,
    /^symrouted: failed 2 times in a row: starts in 1 s\nsymrouted: not started: /,
  );
  assert.match(tries[3].stderr, /^symrouted: failed 3 times in a row: starts in 2 s\n/);
  assert.ok(tries[2].seconds > 1 && tries[3].seconds > 2);

  // Told to end while it waits for four seconds, it does, and that is no failure.
  using socket = new NotifySocket();
  const env = { RUNTIME_DIRECTORY: folder, NOTIFY_SOCKET: socket.path };
  const waiting = host.spawn(program(), { env });
  await socket.said(/^STATUS=failed 4 times in a row: starts in 4 s$/);
  await socket.said(/^EXTEND_TIMEOUT_USEC=\d+$/);
  const told = performance.now();
  assert.equal(await waiting.stop(), 0);
  assert.ok(performance.now() - told < 1000);
  await running.stop();

  await using again = await Daemon.start(host, [], { env });
  assert.doesNotMatch(again.lines.join("\n"), /in a row/);
});

scenario("stopping and reloading are no failures", async ({ host }) => {
  const folder = await Deno.makeTempDir({ dir: "/run" }), env = { RUNTIME_DIRECTORY: folder };
  for (let turn = 0; turn < 4; turn++) {
    await using daemon = await Daemon.start(host, [], { env });
    for (let time = 0; time < 2; time++) {
      const from = daemon.lines.length;
      assert.equal((await symrouted(host, ["--reload"])).code, 0);
      await daemon.line(/ ready: /, { from });
    }
    assert.equal(await daemon.stop(), 0);
    assert.doesNotMatch(daemon.lines.join("\n"), /in a row/);
  }
});

scenario("who was not ready for long counts as failed", async ({ host }) => {
  const folder = await Deno.makeTempDir({ dir: "/run" }), env = { RUNTIME_DIRECTORY: folder };
  for (let turn = 0; turn < 2; turn++) await (await Daemon.start(host, [], { env })).stop("SIGKILL");
  await using third = await Daemon.start(host, [], { env });
  await third.line(/failed 2 times in a row/);
});
