// Paths that no route has any more are forgotten: interfaces come and go without end on some hosts.

import assert from "node:assert/strict";
import { Host } from "../../src/host.ts";
import { DEFAULTS } from "../../src/plan/options.ts";
import { batch } from "../lab/netns.ts";
import { inside } from "./inside.ts";

const PATHS = 6000;

inside("paths without a route are forgotten, and those with one go on being known", async (network) => {
  await network.batch(["link add v1 type veth peer name v2", "link set v1 up", "link set v2 up"]);
  using host = new Host(DEFAULTS);
  const routes = (verb: string) =>
    Array.from(
      { length: PATHS },
      (_, i) => `route ${verb} 20.${i >> 8}.${i & 255}.0/24 dev v1 mtu ${1000 + i}`,
    );
  const ip = (lines: string[]) => batch(["-n", network.name], lines);
  host.follow();
  await ip([...routes("add"), "route add 30.0.0.0/8 dev v1 mtu 7"]);
  host.follow();
  const { paths, keys } = host.stores[4];
  assert.ok(paths.size > PATHS);
  assert.ok(host.collect(), "numbers are looked through when there are many");
  assert.ok(paths.size > PATHS, "what routes have is kept");
  await ip(routes("delete"));
  for (let round = 0; paths.size > 100; round++) {
    assert.ok(round < 5, `${paths.size} paths are still known`);
    await ip(
      Array.from(
        { length: PATHS },
        (_, i) => `route replace 40.0.0.0/8 dev v1 mtu ${10000 + round * PATHS + i}`,
      ),
    );
    host.follow();
    host.collect();
  }
  await ip(["route replace 40.0.0.0/8 dev v1 mtu 1003"]);
  host.follow();
  const known = [...host.stores[4].slots()].map((slot) => {
    const [[, mtu]] = paths.get(host.stores[4].path(slot)).metrics;
    return `${keys.text(host.stores[4].keyOf(slot))} ${mtu}`;
  });
  assert.deepEqual(known.sort(), ["30.0.0.0/8 7", "40.0.0.0/8 1003"]);
});
