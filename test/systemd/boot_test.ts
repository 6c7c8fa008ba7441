// The machines themselves: they boot, they are alone, and nothing is left of them.

import assert from "node:assert/strict";
import { Namespace } from "../lab/netns.ts";
import { run } from "../lab/process.ts";
import { environment, Machine, program, releases, variables } from "./machine.ts";
import { machineTest } from "./scenario.ts";

for (const release of releases) {
  machineTest(`${release}: a machine boots, and nothing has failed`, async () => {
    await using machine = await Machine.boot({ release });
    assert.equal((await machine.systemctl("is-system-running")).trim(), "running");
    assert.equal(await machine.systemctl("--failed --plain --no-legend"), "");
    assert.equal((await machine.must(["cat", "/proc/1/comm"])).trim(), "systemd");
    assert.match(await machine.must(["ip", "-o", "link"]), /^1: lo: .*\n$/);
  }, { release });
}

machineTest("oldest: there is no libnl", async () => {
  await using machine = await Machine.boot({ release: "oldest" });
  assert.equal(await machine.must(["find", "/", "-xdev", "-name", "libnl*"]), "");
}, { release: "oldest" });

machineTest("a unit runs, and says so in the journal", async () => {
  await using machine = await Machine.boot();
  await machine.writeUnit("hello.service", "[Service]\nType=oneshot\nExecStart=echo good morning\n");
  await machine.systemctl("start hello");
  await machine.said("hello", /^good morning$/);
  await machine.writeUnit("bad.service", "[Service]\nType=oneshot\nExecStart=false\n");
  const { code } = await machine.run(["systemctl", "start", "bad"]);
  assert.equal(code, 1);
  await machine.said("bad", /Failed to start/);
});

machineTest("the program runs in a machine", async () => {
  await using machine = await Machine.boot();
  const words = ["env", ...`${environment} ${program}`.split(" ")];
  assert.match(await machine.must([...words, "--version"]), /^symrouted \d+\.\d+/);
  const { code, stderr } = await machine.run([...words, "--once"]);
  assert.equal(code, 0, stderr);
});

machineTest("what one machine writes, no other sees, and what they are made of stays as it is", async () => {
  await using one = await Machine.boot({ files: { "/etc/given": "given" } });
  await using other = await Machine.boot();
  assert.equal(await one.must(["cat", "/etc/given"]), "given");
  await one.must(["sh", "-c", "echo changed >/etc/hostname; rm -r /usr/share/zoneinfo"]);
  assert.equal(await other.must(["cat", "/etc/hostname"]), "machine\n");
  assert.equal(await Deno.readTextFile(`${Deno.env.get(variables.root("usual"))}/etc/hostname`), "machine\n");
  for (const path of ["/proc/sys/kernel/sysrq", "/sys/module/kernel/parameters/panic", "/opt/symrouted/x"]) {
    assert.notEqual((await one.run(["sh", "-c", `echo 0 >${path}`])).code, 0, `${path} can be written`);
  }
});

machineTest("nothing is left of a machine that has gone", async () => {
  const [host] = await Namespace.create(["left"]);
  await using _host = host;
  const machine = await Machine.boot({ host });
  await machine.systemctl("start systemd-networkd");
  assert.notEqual((await run(["ip", "netns", "pids", host.name])).stdout, "");
  for (const path of machine.traces) assert.ok((await Deno.stat(path)).isDirectory);
  await machine[Symbol.asyncDispose]();
  assert.equal((await run(["ip", "netns", "pids", host.name])).stdout, "");
  for (const path of machine.traces) await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
});
