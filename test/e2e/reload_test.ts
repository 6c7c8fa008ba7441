// --reload: the daemon goes on with other options, in its own place, and nobody notices but those whom they are about.

import assert from "node:assert/strict";
import { markedPorts, Port } from "../../ffi/port.ts";
import { script, without } from "../lab/deno.ts";
import { enter } from "../lab/ear.ts";
import { Monitor } from "../lab/monitor.ts";
import type { Namespace } from "../lab/netns.ts";
import { NotifySocket } from "../lab/notify_socket.ts";
import { assertCured, sourceRules, state } from "../lab/observe.ts";
import { ownChanges } from "../lab/ours.ts";
import { Pings } from "../lab/pings.ts";
import { eventually } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";
import { Daemon, symrouted } from "../lab/symrouted.ts";

/** Asks for a reload, which has to succeed, and awaits that what was asked is ready for the given time. */
async function reload(host: Namespace, daemon: Daemon, { args, times }: { args: string[]; times: number }) {
  const { code, stdout, stderr } = await symrouted(host, ["--reload", ...args]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.equal(stdout, `symrouted: reloaded: process ${daemon.process.pid} goes on with its new options\n`);
  await eventually(() => assert.equal(readies(daemon), times), { within: 20_000 });
}

function readies({ lines }: Daemon): number {
  return lines.filter((line) => /^symrouted: ready: /.test(line)).length;
}

/** What a process has open, but for what is known by number alone. */
function descriptors(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return [...Deno.readDirSync(folder)].map(({ name }) =>
    Deno.readLinkSync(`${folder}/${name}`).replace(/\d+/g, "")
  ).sort();
}

scenario("other options hold after a reload, and no packet is lost", async (world) => {
  const { host } = world;
  await using daemon = await Daemon.start(host);
  await using pings = await Pings.start(world, { by: [1] });
  await reload(host, daemon, { args: ["--exclude", "em2"], times: 2 });
  assert.deepEqual(await sourceRules(host, "IPv4"), ["from 10.0.0.2 lookup 1002"]);
  assert.ok(await pings.noneLost() > 20);
  await reload(host, daemon, { args: [], times: 3 });
  assert.equal((await sourceRules(host, "IPv4")).length, 2);
  assert.equal(await daemon.stop(), 0);
});

scenario("ten reloads write nothing, lose nothing and leave nothing open", async (world) => {
  const { host } = world;
  await using daemon = await Daemon.start(host, ["--log-level", "info"]);
  const before = { state: await state(host), open: descriptors(daemon.process.pid) };
  await using monitor = await Monitor.start(host);
  await using pings = await Pings.start(world);
  for (let times = 2; times <= 11; times++) {
    await reload(host, daemon, { args: ["--role", "em9=stub"], times });
  }
  assert.deepEqual(await ownChanges(monitor), []);
  assert.ok(await pings.noneLost() > 1000);
  await eventually(() => assert.deepEqual(descriptors(daemon.process.pid), before.open));
  assert.equal(await state(host), before.state);
  const blocked = /^Sig(Blk|Pnd):\s*0*[1-9a-f]/m;
  assert.doesNotMatch(await Deno.readTextFile(`/proc/${daemon.process.pid}/status`), blocked);
  await host.ip("address add 10.0.0.77/16 dev em1");
  await eventually(async () => assert.equal((await sourceRules(host, "IPv4")).length, 3));
  assert.equal(await daemon.stop(), 0);
});

scenario("several reloads at once are all made, one after the other", async ({ host }) => {
  await using daemon = await Daemon.start(host);
  const names = ["a", "b", "c", "d"];
  const asked = await Promise.all(names.map((name) => symrouted(host, ["--reload", "--exclude", name])));
  for (const { code, stderr } of asked) assert.deepEqual([code, stderr], [0, ""]);
  await eventually(() => assert.equal(readies(daemon), 1 + names.length), { within: 20_000 });
  assert.equal(await daemon.stop(), 0);
});

scenario("a bad option is refused, and the daemon goes on as it was", async ({ host }) => {
  await using daemon = await Daemon.start(host, ["--exclude", "em2"]);
  const before = { state: await state(host), lines: daemon.lines.length };
  const wrong: [string[], RegExp][] = [
    [["--priority", "0"], /^symrouted: --priority: 0 is not a number from 1 to 32764/],
    [["--no-such-thing"], /^symrouted: --no-such-thing: there is no such option/],
    [["--once"], /^symrouted: --once and --reload exclude each other/],
  ];
  for (const [args, error] of wrong) {
    const { code, stdout, stderr } = await symrouted(host, ["--reload", ...args]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, error);
  }
  for (const words of ["--once", "--version", "--priority=x", "--print-unit", "[1]", "nonsense"]) {
    using _entered = enter(`/run/netns/${host.name}`);
    using port = Port.open();
    const [{ number }] = markedPorts();
    port.tell(number, words.startsWith("--") ? JSON.stringify([words]) : words);
    // The daemon is another process: only here does nothing else run.
    const { from, text } = port.hear(10_000)!;
    assert.equal(from, number);
    assert.match(text, /^\{"refused":"/, words);
  }
  assert.equal(await state(host), before.state);
  assert.equal(daemon.lines.length, before.lines);
  assert.equal(await daemon.stop(), 0);
});

scenario("another protocol is refused with what is to be done, which then works", async (world) => {
  const { host } = world;
  const daemon = await Daemon.start(host);
  const before = await state(host);
  const { code, stdout, stderr } = await symrouted(host, ["--reload", "--protocol", "99"]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.equal(
    stderr,
    "symrouted: not reloaded: --protocol 99: rules and routes of protocol 115 are in place " +
      "(stop the daemon, --flush --protocol 115, start it)\n",
  );
  await reload(host, daemon, { args: ["--protocol", "115"], times: 2 });
  assert.equal(await state(host), before);
  await daemon.stop();
  assert.equal((await symrouted(host, ["--flush", "--protocol", "115"])).code, 0);
  await using _other = await Daemon.start(host, ["--protocol", "99"]);
  await assertCured(world, "IPv4");
});

scenario("another mask is refused while there are marks in the old one", async ({ host }) => {
  const daemon = await Daemon.start(host, ["--connmark", "--mark-mask", "0xff00"]);
  const { code, stderr } = await symrouted(host, ["--reload"]);
  assert.equal(code, 1);
  assert.equal(
    stderr,
    "symrouted: not reloaded: --mark-mask 0x7f000000: rules and marks in the mask 0x0000ff00 are in place " +
      "(stop the daemon, --flush --mark-mask 0x0000ff00, start it)\n",
  );
  await reload(host, daemon, { args: ["--connmark", "--mark-mask", "65280"], times: 2 });
  assert.equal(await daemon.stop(), 0);
});

scenario("without a daemon nothing can be reloaded", async ({ host }) => {
  const { code, stdout, stderr } = await symrouted(host, ["--reload"]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.equal(
    stderr,
    "symrouted: not reloaded: no symrouted runs in this network namespace (start it)\n",
  );
});

scenario("who may not change routes is not heard, whoever it is", async ({ host }) => {
  await using daemon = await Daemon.start(host);
  const before = { state: await state(host), lines: daemon.lines.length };
  const { code, stdout, stderr } = await symrouted(host, ["--reload", "--exclude", "*"], {
    without: "net_admin",
  });
  assert.deepEqual([code, stdout], [4, ""]);
  assert.match(stderr, /^symrouted: [^\n]*CAP_NET_ADMIN[^\n]*\n$/);
  const tried = await host.must([...without("net_admin"), ...script("powerless.ts")]);
  assert.equal(
    tried,
    "tell: send by netlink: Operation not permitted\nmark: join netlink group 30: Operation not permitted\n",
  );
  assert.equal(await state(host), before.state);
  assert.equal(daemon.lines.length, before.lines);
  assert.equal(await host.must(script("powerless.ts")), "tell: done\nmark: done\n");
  await daemon.line(/ reload: it goes on with --exclude \*$/);
});

scenario("nobody takes the daemon's place while it is reloaded", async ({ host }) => {
  await using daemon = await Daemon.start(host);
  await using squatter = host.spawn([...without("net_admin"), ...script("squat.ts")]);
  await squatter.line(/trying/);
  for (let times = 2; times <= 4; times++) await reload(host, daemon, { args: [], times });
  assert.doesNotMatch(squatter.text, /holding/);
  await daemon.stop();
  await squatter.line(/holding/);
});

scenario("a service manager is told of a reload and of its end", async ({ host }) => {
  using socket = new NotifySocket();
  await using daemon = await Daemon.start(host, [], { env: { NOTIFY_SOCKET: socket.path } });
  await reload(host, daemon, { args: ["--exclude", "em2"], times: 2 });
  await socket.said(/^READY=1\nSTATUS=2 rules, 5 routes in place$/);
  const told = socket.hear().filter((text) => !text.startsWith("EXTEND"));
  assert.deepEqual(told.map((text) => /^[A-Z]+/.exec(text)![0]), ["READY", "RELOADING", "READY"]);
});

scenario("a program that cannot be called again goes on as it was", async ({ host }) => {
  using socket = new NotifySocket();
  const copy = await Deno.makeTempDir({ dir: "/run" });
  await Deno.copyFile(Deno.execPath(), `${copy}/deno`);
  const main = new URL("../../src/main.ts", import.meta.url).pathname;
  await using process = host.spawn([`${copy}/deno`, "run", "-A", "--cached-only", main], {
    env: { NOTIFY_SOCKET: socket.path },
  });
  await process.line(/ ready: /, { within: 20_000 });
  await Deno.remove(copy, { recursive: true });
  const { code, stdout, stderr } = await symrouted(host, ["--reload", "--exclude", "em2"]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.equal(stderr, "symrouted: not reloaded: No such file or directory\n");
  await process.line(/ not reloaded: No such file or directory: it goes on as it was$/);
  await socket.said(/^READY=1\nSTATUS=4 rules, 10 routes in place$/, { from: 2 });
  await host.ip("address add 10.0.0.77/16 dev em1");
  await eventually(async () => assert.equal((await sourceRules(host, "IPv4")).length, 3));
  assert.equal(await process.stop(), 0);
});

scenario("a signal that comes during a reload ends the daemon", async ({ host }) => {
  for (const delay of [0, 5, 20, 60, 120, 200]) {
    await using daemon = await Daemon.start(host);
    const asked = symrouted(host, ["--reload"]);
    await daemon.line(/ reload: /);
    await new Promise((resolve) => setTimeout(resolve, delay));
    // Ended by the signal, or by itself when it is told.
    assert.ok([0, 143].includes(await daemon.stop()));
    const { code, stderr } = await asked;
    if (code !== 0) {
      assert.match(stderr, /^symrouted: not reloaded: (the daemon has ended|it has been told to end)\n$/);
    }
  }
});
