// Paths: equal ones share a number, and parts of them.

import assert from "node:assert/strict";
import { devices, hasNexthops, Paths, withNexthops, withoutNexthops } from "../../src/model/paths.ts";
import type { Path } from "../../src/model/records.ts";
import { readRoute } from "./route_text.ts";

const indexes = (name: string) => Number(name.slice(2));

function path(text: string): Path {
  return readRoute(text, { family: text.includes("::") ? 6 : 4, indexes }).path;
}

Deno.test("equal paths have one number, whatever their key and metric; the first is 1", () => {
  const paths = new Paths();
  assert.equal(paths.intern(path("default via 10.0.0.1 dev em1 metric 5")), 1);
  assert.equal(paths.intern(path("10.7.0.0/16 via 10.0.0.1 dev em1 table 7")), 1);
  assert.deepEqual(paths.get(1), path("default via 10.0.0.1 dev em1"));
  assert.equal(paths.size, 1);
  assert.throws(() => paths.get(2), RangeError);
  assert.throws(() => paths.get(0), RangeError);
});

Deno.test("whatever tells two routes apart gives them two numbers", () => {
  const all = [
    ..."|dev em2|proto static|scope link|src 10.0.0.2|mtu 1400|mtu lock 1400|congctl bbr|onlink|realms 1|realms 1/2"
      .split("|")
      .map((more) => `default ${more.startsWith("dev") ? "" : "dev em1"} via 10.0.0.1 ${more}`),
    "default dev em1",
    "blackhole default",
    "unreachable default",
    "default via inet6 fe80::1 dev em1",
    "default nexthop via 10.0.0.1 dev em1 weight 1 nexthop via 10.0.0.2 dev em1 weight 1",
    "default nexthop via 10.0.0.2 dev em1 weight 1 nexthop via 10.0.0.1 dev em1 weight 1",
    "default nexthop via 10.0.0.1 dev em1 weight 1 nexthop via 10.0.0.2 dev em1 weight 2",
  ];
  const paths = new Paths();
  const numbers = all.map((text) => paths.intern(readRoute(text, { family: 4, indexes }).path));
  assert.equal(new Set(numbers).size, all.length);
  assert.notEqual(paths.intern(path("::/0 dev em1 pref low")), paths.intern(path("::/0 dev em1 pref high")));
});

const multi =
  "default nexthop via 10.0.0.1 dev em1 weight 3 nexthop via 10.0.0.1 dev em2 weight 2 nexthop via 10.0.0.9 dev em1 weight 1";

Deno.test("devices are named once each", () => {
  assert.deepEqual(devices(path(multi)), [1, 2]);
  assert.deepEqual(devices(path("blackhole default")), []);
});

Deno.test("a next hop that remains alone has no weight", () => {
  const whole = path(multi);
  assert.deepEqual(withNexthops(whole, whole.nexthops.slice(0, 1)), path("default via 10.0.0.1 dev em1"));
  assert.deepEqual(withNexthops(whole, whole.nexthops), whole);
});

Deno.test("next hops leave by gateway and device, whatever their weight", () => {
  const whole = path(multi);
  assert.deepEqual(withoutNexthops(whole, path("default via 10.0.0.1 dev em2"))?.nexthops, [
    whole.nexthops[0],
    whole.nexthops[2],
  ]);
  assert.equal(withoutNexthops(whole, path("default via 10.0.0.9 dev em2")), undefined);
  assert.equal(withoutNexthops(whole, whole), undefined);
  assert.ok(hasNexthops(whole, path("default via 10.0.0.9 dev em1")));
  assert.ok(!hasNexthops(whole, path("default dev em1")));
  assert.ok(!hasNexthops(path("default via 10.0.0.9 dev em1"), whole));
});
