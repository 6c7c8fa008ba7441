// The daemon tells whoever started it how it is: ready when everything is in place, what is there, and that it lives.

import assert from "node:assert/strict";
import { sourceRules } from "../lab/observe.ts";
import { NotifySocket } from "../lab/notify_socket.ts";
import { pause } from "../lab/process.ts";
import { scenario } from "../lab/scenario.ts";
import { Daemon, program } from "../lab/symrouted.ts";
import { wakeUps } from "../lab/wake_ups.ts";

const four = "4 rules, 10 routes in place";

scenario("readiness, status and the end are told", async ({ host }) => {
  using socket = new NotifySocket();
  await using daemon = await Daemon.start(host, [], { env: { NOTIFY_SOCKET: socket.path } });
  await socket.said(/^READY=1$/m);
  assert.deepEqual(socket.hear().filter((text) => !/^EXTEND/.test(text)), [`READY=1\nSTATUS=${four}`]);
  await host.ip("address add 192.168.0.99/24 dev em2 metric 106");
  await socket.said(/^STATUS=5 rules, 10 routes in place$/);
  await host.ip("address delete 192.168.0.99/24 dev em2");
  await socket.said(new RegExp(`^STATUS=${four}$`));
  await daemon.stop();
  assert.equal(socket.hear().at(-1), "STOPPING=1");
});

scenario("nobody is told that it is ready before everything is in place", async ({ host }) => {
  using socket = new NotifySocket();
  const process = host.spawn(program(), { env: { NOTIFY_SOCKET: socket.path } });
  while (!socket.hear().some((text) => /READY/.test(text))) await pause(1);
  assert.deepEqual(
    [await sourceRules(host, "IPv4"), await sourceRules(host, "IPv6")].map((all) => all.length),
    [2, 2],
  );
  await process.stop();
});

scenario("the status names what is not well", async ({ host }) => {
  using socket = new NotifySocket();
  await host.batch(["rule add from 198.51.100.7 lookup 1002 priority 5000"], "IPv4");
  await using _daemon = await Daemon.start(host, [], { env: { NOTIFY_SOCKET: socket.path } });
  await socket.said(/^READY=1\nSTATUS=3 rules, 8 routes in place; 1 conflict$/);
  await host.batch(["rule delete from 198.51.100.7 lookup 1002 priority 5000"], "IPv4");
  await socket.said(new RegExp(`^STATUS=${four}$`));
});

scenario("a watchdog is fed while nothing happens, and while much is done", async ({ host }) => {
  using socket = new NotifySocket();
  const env = { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: "1000000" };
  const routes = Array.from(
    { length: 40_000 },
    (_, i) => `route add 20.${i >> 8}.${i & 255}.0/24 via 10.0.0.1 dev em1`,
  );
  await using _daemon = await Daemon.start(host, [], { env });
  await pause(2500);
  await host.batch(routes);
  await socket.said(/^STATUS=4 rules, 40010 routes in place$/);
  const fed = socket.messages.filter(({ text }) => text === "WATCHDOG=1").map(({ at }) => at);
  const gaps = fed.slice(1).map((at, index) => at - fed[index]);
  assert.ok(fed.length >= 5, `fed ${fed.length} times`);
  assert.ok(Math.max(...gaps) < 1000, `fed after ${gaps.map(Math.round).join()} ms`);
});

scenario("without a watchdog an idle daemon sleeps, and without a service manager too", async ({ host }) => {
  using socket = new NotifySocket();
  for (const env of [{ NOTIFY_SOCKET: socket.path }, { NOTIFY_SOCKET: "" }]) {
    await using daemon = await Daemon.start(host, [], { env });
    // A fresh program has some tidying up to do.
    await pause(3000);
    const before = wakeUps(daemon.process.pid);
    await pause(3000);
    assert.equal(wakeUps(daemon.process.pid) - before, 0);
    await daemon.stop();
  }
});

scenario("a service manager that is away is no reason to stop", async ({ host }) => {
  await using daemon = await Daemon.start(host, [], {
    env: { NOTIFY_SOCKET: "/run/nobody", WATCHDOG_USEC: "1000000" },
  });
  assert.equal(daemon.ready.rules, 4);
  assert.equal(await daemon.stop(), 0);
});
