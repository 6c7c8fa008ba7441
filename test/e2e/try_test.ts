// The demonstration that the README begins with: it shows what it says, and fails where there is nothing to show.

import assert from "node:assert/strict";
import { run } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";

const file = new URL("../try.ts", import.meta.url).pathname;
const command = [Deno.execPath(), "run", "-A", "--no-prompt", "--cached-only", file];

scenario("`deno task try` shows the failure and the cure", async () => {
  const { code, stdout, stderr } = await run(command);
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /em2 192\.168\.0\.2 +✗ ping[^]*symrouted --once[^]*em2 192\.168\.0\.2 +✓ ping/);
  assert.match(stdout, /em2 2001:db8:2::2 +✗ ping[^]*symrouted --once[^]*em2 2001:db8:2::2 +✓ ping/);
  assert.match(stdout, /\$ ip rule\n[^$]*from 10\.0\.0\.2 lookup 1002[^$]*from 192\.168\.0\.2 lookup 1003/);
  assert.match(
    stdout,
    /\$ ip route show table 1002\ndefault via 10\.0\.0\.1 dev em1 proto static metric 105/,
  );
  assert.match(
    stdout,
    /\$ ip route show table 1003\ndefault via 192\.168\.0\.1 dev em2 proto static metric 106/,
  );
  assert.ok(!stdout.includes("\x1b"), "colours are for terminals");
}, { uplinks: 0 });

scenario("`deno task try` fails when the cure does not work", async () => {
  const { code, stderr } = await run(command, { env: { SYMROUTED: "true" } });
  assert.equal(code, 1);
  assert.match(stderr, /not every uplink answered/);
}, { uplinks: 0 });
