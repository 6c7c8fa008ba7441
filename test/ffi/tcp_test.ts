// The established TCP connections, against `ss`.

import assert from "node:assert/strict";
import { readTcpConnections } from "../../ffi/tcp.ts";
import { hold, holdAll } from "../lab/held.ts";
import { inside } from "./inside.ts";

inside("the connections that ss shows, each by the family of its packets", async (host) => {
  assert.deepEqual(readTcpConnections(), []);
  await host.batch([
    "link set lo up",
    "address add 10.0.0.2/32 dev lo",
    "address add 2001:db8::2/128 dev lo",
  ]);
  await holdAll(host);
  assert.deepEqual(readTcpConnections(), [], "one who listens has no connection");
  for (const address of ["127.0.0.1", "10.0.0.2", "::1", "2001:db8::2"]) await hold(host, address);
  const found = readTcpConnections();
  const shown = (await host.must(["ss", "-tnH", "state", "established"])).trim().split("\n");
  const text = (ip: string, port: number) => ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
  assert.deepEqual(
    found.map(({ local, localPort, peer, peerPort }) => `${text(local, localPort)} ${text(peer, peerPort)}`)
      .sort(),
    // A socket that serves both families has IPv4 in the form of IPv6.
    shown.map((line) => line.trim().split(/\s+/).slice(-2).join(" ").replaceAll(/\[::ffff:([\d.]+)\]/g, "$1"))
      .sort(),
  );
  assert.deepEqual(found.map(({ family }) => family).sort(), [4, 4, 4, 4, 6, 6, 6, 6]);
});

inside("a great many connections", async (host) => {
  await host.batch(["link set lo up"]);
  await holdAll(host);
  const many = "for i in {1..900}; do exec {fd}<>/dev/tcp/127.0.0.1/8081 || exit; done; echo held; sleep 600";
  await host.spawn(["bash", "-c", `ulimit -n 4096; ${many}`]).line(/held/);
  const found = readTcpConnections();
  assert.equal(found.length, 1800);
  assert.equal(new Set(found.map((one) => JSON.stringify(one))).size, 1800);
});
