// A log that cannot be written, or that nobody reads, is no reason to stop routing; nor are names that a shell would run.

import assert from "node:assert/strict";
import { sourceRules } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";
import { program, symrouted } from "../lab/symrouted.ts";

const full = "exec 3<>/run/fifo-$$ 2>&3; head -c 65536 /dev/zero >&3";
const logs: [string, string][] = [
  ["cannot be written", "exec 2>/dev/full"],
  ["is not read", `mkfifo /run/fifo-$$ && ${full}`],
];

for (const [what, redirection] of logs) {
  scenario(`the daemon goes on, and ends when it is told to, though its log ${what}`, async ({ host }) => {
    const command = program().map((word) => `'${word}'`).join(" ");
    await using daemon = host.spawn(["bash", "-c", `${redirection}; exec ${command} --log-level debug`]);
    await eventually(async () => assert.equal((await sourceRules(host, "IPv4")).length, 2));
    for (let i = 0; i < 20; i++) await host.ip(`address add 10.0.7.${i + 1}/16 dev em1`);
    await eventually(async () => assert.equal((await sourceRules(host, "IPv4")).length, 22));
    assert.equal(await daemon.stop("SIGTERM"), 0);
  });
}

scenario("a result that cannot be written is a failure, in one line", async ({ host }) => {
  const command = program().map((word) => `'${word}'`).join(" ");
  const { code, stderr } = await host.run(["bash", "-c", `exec ${command} --dry-run >/dev/full`]);
  assert.equal(code, 1);
  assert.match(stderr, /^symrouted: standard output cannot be written: [^\n]+\n$/);
});

scenario("the commands of --dry-run are safe to paste, whatever interfaces are called", async ({ host }) => {
  const names = ["a;touch<x", "$(touch-y)", "q'q", 'a&b"c', "e\u001b[31m"];
  for (const [i, name] of names.entries()) {
    await host.must(["ip", "link", "add", name, "type", "veth", "peer", "name", `peer${i}`]);
    await host.must(["ip", "link", "set", name, "up"]);
    await host.must(["ip", "address", "add", `10.${20 + i}.0.2/24`, "dev", name]);
  }
  const { stdout, code } = await symrouted(host, ["--dry-run"]);
  assert.equal(code, 3);
  assert.equal((await host.must(["bash", "-ec", stdout])).trim(), "");
  const again = await symrouted(host, ["--dry-run"]);
  assert.equal(again.code, 0, again.stdout);
});

scenario("what ip cannot be told of a route is no command", async ({ host }) => {
  await host.ip("route add 20.14.0.0/16 encap ip id 5 dst 1.2.3.4 dev em1");
  const { stdout } = await symrouted(host, ["--dry-run"]);
  const line = stdout.split("\n").find((line) => line.includes("20.14.0.0/16"));
  assert.match(
    line ?? "",
    /^# not all of it can be said to ip here, but is mirrored \(encapsulation\): ip route /,
  );
});
