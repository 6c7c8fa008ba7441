// Tables that somebody else has, and those that are ours though another version or another option made them.

import assert from "node:assert/strict";
import { assertCommands, decide, settle, troubles, type Wish } from "../model/decide.ts";
import { readWorld, type WorldText } from "../model/world.ts";

const host: WorldText = {
  links: "2: em1 up\n3: em2 up",
  addresses: "10.0.0.2/16 dev em1\n10.3.0.2/24 dev em2",
  routes: "default via 10.0.0.1 dev em1 proto static\ndefault via 10.3.0.1 dev em2 proto static metric 9",
};
const em1Rule = "ip rule add from 10.0.0.2 lookup 1002 priority 27200 protocol 115";
const em1Route = "ip route append default via 10.0.0.1 dev em1 table 1002 proto static";
const em2 = [
  "ip rule add from 10.3.0.2 lookup 1003 priority 27200 protocol 115",
  "ip route append default via 10.3.0.1 dev em2 table 1003 proto static metric 9",
];

function withRoutes(routes: string, rules = ""): WorldText {
  return { ...host, routes: `${host.routes}\n${routes}`, rules };
}

/** That em1 is skipped with this error, and em2 is served as ever. */
function assertConflict(world: WorldText, error: string, wish: Wish = {}): void {
  const decision = settle(readWorld(world), wish);
  const conflicts = troubles(decision).filter((text) => text.includes("skipped"));
  assert.deepEqual(conflicts, [`conflict: em1 (IPv4): skipped: ${error}`]);
  assert.deepEqual(decision.commands.filter((command) => !command.includes(" del ")), em2);
}

const foreignRules = [
  "100: from all fwmark 0x1/0xff lookup 1002",
  "2000: from all to 10.96.0.0/12 lookup 1002",
  "27200: from 10.0.0.2 lookup 1002 proto 4",
  "27200: from 10.0.0.9 lookup 1002",
  "27200: from 10.0.0.2 iif em2 lookup 1002",
];
for (const rule of foreignRules) {
  Deno.test(`a rule of another program to the table: ${rule}`, () => {
    const named = rule.replace(" proto 4", "");
    assertConflict(withRoutes("", rule), `table 1002 is used by the rule '${named}'`);
  });
}

Deno.test("a route of another program in the table", () => {
  const route = "10.96.0.0/12 via 10.3.0.7 dev em2 table 1002 proto bird metric 32";
  assertConflict(withRoutes(route), `table 1002 has the route '${route}'`);
});

Deno.test("a ban of another program in the table", () => {
  const route = "blackhole 10.96.0.0/12 table 1002 proto bird";
  assertConflict(withRoutes(route), `table 1002 has the route '${route}'`);
});

Deno.test("a multipath route through two interfaces in the table", () => {
  const route =
    "10.96.0.0/12 table 1002 proto static nexthop via 10.0.0.1 dev em1 weight 1 nexthop via 10.3.0.1 dev em2 weight 1";
  assertConflict(withRoutes(route), `table 1002 has the route '${route}'`);
});

Deno.test("a VRF's table", () => {
  const world = { ...host, links: `${host.links}\n9: blue up kind vrf table 1002` };
  assertConflict(world, "table 1002 belongs to the VRF blue");
});

Deno.test("a conflict in one family is none in the other", () => {
  const decision = settle(readWorld({
    ...host,
    addresses: "10.0.0.2/16 dev em1\n2001:db8::2/64 dev em1",
    routes6: "default via fe80::1 dev em1 metric 1024",
    rules: "100: from all fwmark 0x1 lookup 1002",
  }));
  assert.deepEqual(decision.plan.families[4].targets, []);
  assert.deepEqual(decision.plan.families[6].targets.map(({ table }) => table), [1002]);
});

Deno.test("once the table is ours, others' rules and routes are left, and told of", () => {
  const route = "10.96.0.0/12 via 10.3.0.7 dev em2 table 1002 proto bird";
  const world = withRoutes(
    route,
    "27200: from 10.0.0.2 lookup 1002 proto 115\n100: from all fwmark 0x1 lookup 1002",
  );
  const decision = settle(readWorld(world));
  assert.deepEqual(decision.commands.filter((command) => command.includes("1002")), [em1Route]);
  assert.deepEqual(decision.foreign, [route]);
  assert.match(troubles(decision).join("\n"), /warning: .*'100: from all fwmark 0x1 lookup 1002'/);
});

Deno.test("a table without a rule is adopted where all of it leaves by the interface, or is what we plan", () => {
  const orphan = `
    default via 10.0.0.7 dev em1 table 1002 proto static
    10.0.0.0/16 dev em1 table 1002 scope link
    172.17.0.0/16 dev br0 table 1002 scope link
    172.17.0.0/16 dev br0 scope link`;
  const world = { ...withRoutes(orphan), links: `${host.links}\n6: br0 up kind bridge` };
  const decision = settle(readWorld(world));
  assert.deepEqual(troubles(decision), [
    "warning: table 1002 (IPv4) has routes and no rule: it is taken over and made what main says",
  ]);
  assert.deepEqual(decision.plan.families[4].targets.map(({ table }) => table), [1002, 1003]);
});

const lan = "10.5.0.0/24 dev lan proto static scope link";
const formerlyInside = {
  ...host,
  links: `${host.links}\n5: lan up`,
  routes: `${host.routes}\n${lan}\ndefault via 10.5.0.1 dev lan metric 20`,
};
for (const metrics of ["", " mtu 1400"]) {
  Deno.test(`a route by what was inside, and is an uplink now, is ours where main has it:${metrics}`, () => {
    const left = `${lan}${metrics} table 1002\ndefault via 10.0.0.1 dev em1 table 1002 proto static`;
    const decision = settle(readWorld({ ...formerlyInside, routes: `${formerlyInside.routes}\n${left}` }));
    assert.deepEqual(decision.plan.families[4].targets.map(({ table }) => table), [1002, 1003]);
    assert.ok(decision.commands.some((command) => command.startsWith("ip route del 10.5.0.0/24 dev lan")));
  });
}

for (const route of [`${lan} metric 7`.replace("static", "bird"), "default via 10.5.0.1 dev lan metric 20"]) {
  Deno.test(`it is another program's where main has no such route to share: ${route}`, () => {
    const left = `${route} table 1002\ndefault via 10.0.0.1 dev em1 table 1002 proto static`;
    const decision = settle(readWorld({ ...formerlyInside, routes: `${formerlyInside.routes}\n${left}` }));
    assert.deepEqual(decision.plan.families[4].targets.map(({ table }) => table), [1003]);
  });
}

const br0 = { ...host, links: `${host.links}\n6: br0 up kind bridge` };
const stale = {
  "by an interface inside": "10.8.0.0/16 via 172.17.0.5 dev br0 table 1002 proto static",
  "for the sake of its source": "10.8.0.0/16 via 10.3.0.9 dev em2 table 1002 proto static src 10.0.0.2",
  "that bans": "unreachable 10.8.0.0/16 table 1002 proto static",
};
for (const [what, route] of Object.entries(stale)) {
  Deno.test(`a route ${what}, which main no longer has, is ours where its table has one of its interface's too`, () => {
    const world = withRoutes(`${route}\ndefault via 10.0.0.1 dev em1 table 1002 proto static`);
    const decision = settle(readWorld({ ...world, links: br0.links }));
    const targets = decision.plan.families[4].targets.map(({ table }) => table);
    assert.deepEqual([targets, decision.foreign], [[1002, 1003], []]);
    assert.ok(decision.commands.includes(`ip route del ${route}`), decision.commands.join("\n"));
  });

  Deno.test(`a route ${what}, alone in a table, is another program's`, () => {
    assertConflict({ ...withRoutes(route), links: br0.links }, `table 1002 has the route '${route}'`);
  });
}

Deno.test("a table that is not proven to be free is not taken; one that is ours goes on", () => {
  const world = { ...withRoutes("", "27200: from 10.3.0.2 lookup 1003 proto 115"), unproven: [4] as const };
  const decision = decide(readWorld(world));
  assert.deepEqual(decision.commands, em2.slice(1));
  assert.deepEqual(troubles(decision), [
    "warning: em1 (IPv4): skipped: table 1002 is not known to be free while rules and routes change",
  ]);
});

Deno.test("the rule of version 1.0 is adopted and replaced, new before old; its routes stay", () => {
  assertCommands(
    withRoutes("default via 10.0.0.1 dev em1 table 1002 proto static", "32765: from 10.0.0.2 lookup 1002"),
    `
    ${em1Rule}
    ${em2[0]}
    ${em2[1]}
    ip rule del from 10.0.0.2 lookup 1002 priority 32765`,
  );
});

Deno.test("a rule that is almost one of version 1.0 is another program's", () => {
  for (
    const rule of [
      "32765: from 10.0.0.9 lookup 1009",
      "32765: from 10.0.0.2 lookup 2002",
      "32765: from 10.0.0.0/16 lookup 1007",
    ]
  ) {
    const decision = settle(readWorld(withRoutes("", rule)));
    assert.ok(!decision.commands.some((command) => command.includes(" del ")), rule);
  }
});

for (const table of ["local", "main", "default", "52", "255"]) {
  Deno.test(`a rule to table ${table} is never ours, whatever it says`, () => {
    const rules = `27200: from 10.0.0.2 lookup ${table} proto 115`;
    assertCommands(
      withRoutes("10.96.0.0/12 dev em2 table 52", rules),
      [em1Rule, em2[0], em1Route, em2[1]].join("\n"),
    );
    assert.deepEqual(settle(readWorld(withRoutes("", rules)), { flush: true }).commands, []);
  });
}

const served = withRoutes(
  "default via 10.0.0.1 dev em1 table 1002 proto static\ndefault via 10.3.0.1 dev em2 table 1003 proto static metric 9",
  "27200: from 10.0.0.2 lookup 1002 proto 115\n27200: from 10.3.0.2 lookup 1003 proto 115",
);

Deno.test("another --priority moves the rules, new before old, and touches no route", () => {
  assertCommands(
    served,
    `
    ip rule add from 10.0.0.2 lookup 1002 priority 99 protocol 115
    ip rule add from 10.3.0.2 lookup 1003 priority 99 protocol 115
    ip rule del from 10.0.0.2 lookup 1002 priority 27200 protocol 115
    ip rule del from 10.3.0.2 lookup 1003 priority 27200 protocol 115`,
    { priority: 99 },
  );
});

Deno.test("another --table-base moves the table, and empties the old one", () => {
  assertCommands(
    {
      ...{ links: "2: em1 up", addresses: "10.0.0.2/16 dev em1" },
      routes: `
        default via 10.0.0.1 dev em1 proto static
        default via 10.0.0.1 dev em1 table 1002 proto static`,
      rules: "27200: from 10.0.0.2 lookup 1002 proto 115",
    },
    `
    ip rule add from 10.0.0.2 lookup 5002 priority 27200 protocol 115
    ip route append default via 10.0.0.1 dev em1 table 5002 proto static
    ip route del default via 10.0.0.1 dev em1 table 1002 proto static
    ip rule del from 10.0.0.2 lookup 1002 priority 27200 protocol 115`,
    { tableBase: 5000 },
  );
});

Deno.test("after another --protocol the old rules are another program's", () => {
  const decision = settle(readWorld(served), { protocol: 200 });
  assert.deepEqual(decision.commands, []);
  assert.equal(troubles(decision).filter((text) => text.startsWith("conflict")).length, 2);
});
