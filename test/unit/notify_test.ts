// What a service manager is told, and when.

import assert from "node:assert/strict";
import { NotifySocket } from "../lab/notify_socket.ts";
import { ServiceManager } from "../../src/unit/notify.ts";

type Variables = Record<string, string | undefined>;

/** A manager that is named by these variables, and what hears it. */
function named(variables: Variables): { socket: NotifySocket; manager: ServiceManager } {
  const socket = new NotifySocket(`@symrouted-test-${crypto.randomUUID()}`);
  const all: Variables = { NOTIFY_SOCKET: socket.path, ...variables };
  return { socket, manager: ServiceManager.of((name) => all[name]) };
}

const half = { WATCHDOG_USEC: "20000000" };

Deno.test("what has to be known is told at once", () => {
  const { socket, manager } = named({});
  using _socket = socket, _manager = manager;
  manager.ready("4 rules, 10 routes in place");
  manager.stopping();
  assert.deepEqual(socket.hear(), ["READY=1\nSTATUS=4 rules, 10 routes in place", "STOPPING=1"]);
});

Deno.test("a reload is told of with the time of the clock that nobody sets", () => {
  const { socket, manager } = named({});
  using _socket = socket, _manager = manager;
  const uptime = () => Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]) * 1e6;
  const before = uptime();
  manager.reloading();
  const told = Number(/^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(socket.hear()[0])?.[1]);
  // /proc/uptime tells hundredths of a second, and counts the time in which the machine slept.
  assert.ok(told > before - 20_000 && told < uptime() + 20_000, `${told}, not ${before}`);
});

Deno.test("a status is told of once, and one that changes often only now and then", () => {
  const { socket, manager } = named({});
  using _socket = socket, _manager = manager;
  manager.ready("one");
  manager.tell(() => "one", 1000);
  assert.equal(manager.dueIn(1000), undefined);
  manager.tell(() => "two", 1001);
  manager.tell(() => "three", 1002);
  assert.equal(manager.dueIn(1002), 499);
  manager.tell(() => "four\nlines", 1003);
  manager.goOn(1500);
  assert.deepEqual(socket.hear().slice(1), ["STATUS=two"]);
  manager.goOn(1501);
  assert.deepEqual(socket.hear().slice(1), ["STATUS=two", "STATUS=four lines"]);
  assert.equal(manager.dueIn(1501), undefined);
});

Deno.test("a watchdog is fed twice as often as it asks for", () => {
  const { socket, manager } = named({ ...half, WATCHDOG_PID: `${Deno.pid}` });
  using _socket = socket, _manager = manager;
  manager.ready("");
  for (let now = 0; now < 60_000; now += manager.dueIn(now)!) manager.goOn(now);
  const fed = socket.hear().filter((text) => text === "WATCHDOG=1").length;
  assert.equal(fed, 6);
  // Whoever goes on all the time feeds it no more than he has to.
  for (let now = 60_000; now < 120_000; now += 7) manager.goOn(now);
  assert.ok(socket.hear().length < 2 + fed + 13);
});

Deno.test("another process's watchdog, and none, is not fed", () => {
  for (
    const variables of [{ ...half, WATCHDOG_PID: `${Deno.pid + 1}` }, {}, { WATCHDOG_USEC: "0" }, {
      WATCHDOG_USEC: "soon",
    }]
  ) {
    const { socket, manager } = named(variables);
    using _socket = socket, _manager = manager;
    manager.ready("");
    manager.goOn();
    assert.equal(manager.dueIn(), undefined);
    assert.equal(socket.hear().length, 1);
  }
});

Deno.test("a start that takes its time asks for more, until it is ready", () => {
  const { socket, manager } = named({});
  using _socket = socket, _manager = manager;
  for (let now = 0; now <= 25_000; now += 50) manager.goOn(now);
  manager.ready("");
  for (let now = 25_000; now <= 50_000; now += 50) manager.goOn(now);
  const more = "EXTEND_TIMEOUT_USEC=60000000";
  assert.deepEqual(socket.hear(), [more, more, more, "READY=1\nSTATUS="]);
});

Deno.test("without a service manager nothing is told, and nobody is woken up", () => {
  for (const NOTIFY_SOCKET of [undefined, "", "vsock:2:1", `/${"long".repeat(50)}`]) {
    using manager = ServiceManager.of((name) => ({ NOTIFY_SOCKET, ...half } as Variables)[name]);
    manager.ready("");
    manager.tell(() => assert.fail("nobody wants to know"));
    manager.goOn();
    manager.stopping();
    assert.equal(manager.dueIn(), undefined);
  }
});

Deno.test("what cannot be told is told as soon as it can be", () => {
  const path = `@symrouted-test-${crypto.randomUUID()}`;
  using manager = ServiceManager.of((name) => name === "NOTIFY_SOCKET" ? path : undefined);
  manager.ready("there");
  assert.equal(manager.dueIn(1000), 200);
  using socket = new NotifySocket(path);
  manager.goOn();
  manager.goOn();
  assert.deepEqual(socket.hear(), ["READY=1\nSTATUS=there"]);
  assert.equal(manager.dueIn(), undefined);
});
