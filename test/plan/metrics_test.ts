// `--set-route-metric` on mirrored routes.

import assert from "node:assert/strict";
import { parseMetric } from "../../src/model/metrics.ts";
import { assertCommands, tableOf } from "../model/decide.ts";

const links = "2: em1 up\n3: em2 up";
const addresses = "10.0.0.2/16 dev em1";

function mirrored(route: string, ...overrides: string[]): string {
  const metrics = overrides.map(parseMetric);
  return tableOf({ links, addresses, routes: route }, { table: 1002, metrics })[0];
}

const cases: [name: string, main: string, overrides: string[], mirror: string][] = [
  ["is added", "", ["initcwnd=20"], "initcwnd 20"],
  ["outdoes main's", "mtu 1500", ["mtu=1400"], "mtu 1400"],
  ["stands beside main's", "advmss 1200", ["mtu=1400"], "mtu 1400 advmss 1200"],
  ["can be locked", "", ["mtu=lock 1400"], "mtu lock 1400"],
  ["unlocks main's", "mtu lock 1500", ["mtu=1400"], "mtu 1400"],
  ["leaves another's lock", "mtu lock 1500", ["initcwnd=20"], "mtu lock 1500 initcwnd 20"],
  ["of 0 takes main's away, with its lock", "mtu lock 1500 advmss 1200", ["mtu=0"], "advmss 1200"],
  ["of 0 is none where main has none", "", ["mtu=0"], ""],
  ["the last of a name counts", "", ["mtu=1400", "mtu=1300"], "mtu 1300"],
  ["several", "", ["rto_min=200ms", "congctl=bbr", "quickack=1"], "rto_min 200 quickack 1 congctl bbr"],
];
for (const [name, main, overrides, mirror] of cases) {
  Deno.test(`a metric ${name}`, () => {
    const route = "default via 10.0.0.1 dev em1 proto static";
    assert.equal(mirrored(`${route} ${main}`, ...overrides), `${route} ${mirror}`.trim());
  });
}

Deno.test("a metric that main has as a text is not touched by another's number", () => {
  assert.match(
    mirrored("default via 10.0.0.1 dev em1 congctl lock bbr", "mtu=1400"),
    /mtu 1400 congctl lock bbr$/,
  );
});

Deno.test("bans and broadcasts get none", () => {
  const routes =
    "default via 10.0.0.1 dev em1\nblackhole 10.64.0.0/10\nbroadcast 10.0.255.255 dev em1 scope link";
  const found = tableOf({ links, addresses, routes }, { table: 1002, metrics: [parseMetric("mtu=1400")] });
  assert.deepEqual(found.filter((route) => route.includes("mtu")).length, 1);
});

Deno.test("a metric asked for on a host that is served already replaces the routes in place", () => {
  assertCommands(
    {
      ...{ links, addresses, routes6: "" },
      routes: `
      default via 10.0.0.1 dev em1 proto static
      default via 10.0.0.1 dev em1 table 1002 proto static`,
      rules: "27200: from 10.0.0.2 lookup 1002 proto 115",
    },
    "ip route replace default via 10.0.0.1 dev em1 table 1002 proto static mtu 1400",
    {
      metrics: [parseMetric("mtu=1400")],
    },
  );
});
