// Thinks up what befalls a host: one thing at a time, each as the lines of those who do it.

import { families } from "../lab/addressing.ts";
import { type Cable, type Cast, configured, foreignLines, plug, someAddress, someRoute } from "./cables.ts";
import type { Event } from "./script.ts";
import { FOREIGN } from "./spec.ts";
import { gateways } from "./stage.ts";

type Maker = (cast: Cast) => Event[];

/** How likely each is, beside the others. */
const MAKERS: readonly (readonly [weight: number, make: Maker])[] = [
  [6, linkDown],
  [4, linkBounce],
  [4, carrier],
  [10, addressComes],
  [9, addressGoes],
  [24, routeChanges],
  [3, manyRoutes],
  [8, nexthopChanges],
  [5, replaced],
  [3, renamed],
  [3, forwarding],
  [6, foreign],
  [4, foreignGoes],
  [9, vandal],
  [4, killed],
  [3, paused],
  [2, stoppedAndOnce],
  [4, otherOptions],
  [4, anyIp],
];

export function someEvents(cast: Cast): Event[] {
  const total = MAKERS.reduce((sum, [weight]) => sum + weight, 0);
  let left = cast.random.int(total);
  for (const [weight, make] of MAKERS) {
    left -= weight;
    if (left < 0) return make(cast);
  }
  return [];
}

/** A cable that may be tampered with: all but the first, so that a host is never without a way. */
function some({ random, cables }: Cast): Cable {
  return random.pick(cables.slice(1));
}

function host(...lines: string[]): Event {
  return { on: "host", lines };
}

function program(order: "start" | "kill" | "terminate" | "pause" | "resume" | "once"): Event {
  return { on: "program", order };
}

function linkDown(cast: Cast): Event[] {
  return [host(`link set ${some(cast).name} ${cast.random.pick(["down", "down", "up"])}`)];
}

function linkBounce(cast: Cast): Event[] {
  const cable = some(cast), both = cast.random.chance(30) ? [cable, some(cast)] : [cable];
  return [
    host(...both.flatMap(({ name }) => [`link set ${name} down`, `link set ${name} up`])),
    ...(cast.random.chance(70) ? [host(...both.flatMap((each) => configured(each)))] : []),
  ];
}

function carrier(cast: Cast): Event[] {
  const { number } = some(cast);
  const down: Event = { on: "outside", lines: [`link set PEER${number} down`] };
  const up: Event = { on: "outside", lines: [`link set PEER${number} up`] };
  return cast.random.pick([[down], [down, up], [up], [down, up, down, up]]);
}

function addressComes(cast: Cast): Event[] {
  const cable = cast.random.pick(cast.cables);
  // Now and then one that another interface has.
  const owner = cast.random.chance(10) ? cast.random.pick(cast.cables) : cable;
  return [host(`address add ${someAddress(owner, cast)} dev ${cable.name}`)];
}

function addressGoes(cast: Cast): Event[] {
  const cable = some(cast), { random } = cast;
  if (random.chance(15)) {
    return [host(`${random.pick(["-4 ", "-6 "])}address flush dev ${cable.name} scope global`)];
  }
  const address = someAddress(cable, cast).replace(/ preferred_lft.*| nodad/g, "");
  return [
    host(`address del ${address} dev ${cable.name}`),
    ...(random.chance(30) ? [host(...configured(cable))] : []),
  ];
}

function routeChanges(cast: Cast): Event[] {
  const { random, routes } = cast;
  if (routes.length > 0 && random.chance(35)) {
    const at = random.int(routes.length);
    return [host(`route del ${routes.splice(at, 1)}`)];
  }
  if (random.chance(5)) {
    return [host(`${random.pick(["-4", "-6"])} route flush proto ${random.pick(["bird", "dhcp"])}`)];
  }
  const route = someRoute(cast);
  routes.push(route);
  return [host(`route ${random.pick(["add", "append", "append", "prepend", "replace", "change"])} ${route}`)];
}

/** Many at once, and most of them gone at once. */
function manyRoutes(cast: Cast): Event[] {
  const { number, name } = cast.random.pick(cast.cables);
  const all = Array.from({ length: 40 }, (_, i) => [
    `10.200.${i}.0/24 via ${gateways.IPv4(number)[0]} dev ${name}`,
    `2001:db8:200:${i}::/64 via fe80::1 dev ${name}`,
  ]).flat();
  return [
    host(...all.map((route) => `route add ${route}`)),
    host(...cast.random.some(all, 70).map((route) => `route del ${route}`)),
  ];
}

function nexthopChanges(cast: Cast): Event[] {
  const { random, nexthops } = cast;
  const [family, group] = [random.pick(families), random.chance(20)];
  const cable = random.pick(cast.cables);
  const id = random.pick(family === "IPv4" ? [10, 11, 12] : [20, 21, 22]);
  const via = random.chance(10)
    ? "blackhole"
    : `via ${random.pick(gateways[family](cable.number))} dev ${cable.name}`;
  if (random.chance(30)) return [host(`nexthop del id ${id}`)];
  if (!nexthops.includes(id)) nexthops.push(id);
  if (!group) {
    return [host(`nexthop ${random.pick(["add", "replace"])} id ${id} ${via}`), ...routeBy(id, cast)];
  }
  const groupId = id + 20;
  if (!nexthops.includes(groupId)) nexthops.push(groupId);
  const members = family === "IPv4" ? "10/11,3" : "20/21";
  return [
    host(`nexthop replace id ${groupId} group ${random.chance(50) ? members : id}`),
    ...routeBy(groupId, cast),
  ];
}

function routeBy(id: number, cast: Cast): Event[] {
  if (!cast.random.chance(60)) return [];
  const isIPv4 = id < 20 || (id >= 30 && id < 40);
  const route = `${isIPv4 ? "10.99.9.0/24" : "2001:db8:99:9::/64"} nhid ${id}`;
  cast.routes.push(route);
  return [host(`route ${cast.random.pick(["add", "append", "replace"])} ${route}`)];
}

/** An interface goes, and another may take its index. */
function replaced(cast: Cast): Event[] {
  const { random, cables } = cast;
  const at = 1 + random.int(cables.length - 1), old = cables[at];
  const number = cast.next++;
  const index = random.chance(75) ? old.index : 100 + number;
  const now: Cable = { number, name: random.chance(50) ? old.name : `em${number}`, index };
  cables[at] = now;
  // A table of no interface is emptied: so who has routes of his own there takes them away first.
  const table = 1000 + old.index;
  return [
    host(...["-4", "-6"].map((flag) => `${flag} route flush table ${table} proto ${FOREIGN}`)),
    host(`link del ${old.name}`),
    ...(random.chance(30) ? someEvents(cast) : []),
    host(plug(now), `link set ${now.name} up`),
    { on: "outside", lines: [`link set PEER${number} up`] },
    ...(random.chance(80) ? [host(...configured(now))] : []),
  ];
}

function renamed(cast: Cast): Event[] {
  const cable = some(cast), was = cable.name;
  cable.name = was.startsWith("em") ? `wan${cable.number}` : `em${cable.number}`;
  return [host(`link set ${was} name ${cable.name}`)];
}

function forwarding({ random }: Cast): Event[] {
  const setting = random.pick(["ipv4/ip_forward", "ipv6/conf/all/forwarding"]);
  return [{ on: "settings", settings: { [setting]: random.int(2) } }];
}

function foreign(cast: Cast): Event[] {
  return [host(...foreignLines(cast))];
}

function foreignGoes({ random, cables }: Cast): Event[] {
  const flag = random.pick(["-4", "-6"]), table = 1000 + random.pick(cables).index;
  return [host(...random.pick([
    [`${flag} rule del priority 5000`],
    [`${flag} rule del priority 100`],
    [`${flag} rule del priority 30000`],
    [`${flag} route flush table 52`],
    [`${flag} route flush table ${table} proto 250`],
  ]))];
}

/** Other programs that lay hands on what is ours. */
function vandal({ random, cables }: Cast): Event[] {
  const flag = random.pick(["-4", "-6"]), cable = random.pick(cables), table = 1000 + cable.index;
  const gateway = random.pick(gateways[flag === "-4" ? "IPv4" : "IPv6"](cable.number));
  return [host(random.pick([
    `${flag} rule flush protocol 115`,
    `${flag} rule del lookup ${table} protocol 115`,
    `${flag} route flush table ${table}`,
    `${flag} route del default table ${table}`,
    `${flag} route replace default via ${gateway} dev ${cable.name} table ${table} metric ${
      100 + cable.number
    }`,
    `${flag} route append default via ${gateway} dev ${cable.name} table ${table}`,
  ]))];
}

function killed(cast: Cast): Event[] {
  return [program("kill"), ...meanwhile(cast), program("start")];
}

function paused(cast: Cast): Event[] {
  return [program("pause"), ...meanwhile(cast), program("resume")];
}

function stoppedAndOnce(cast: Cast): Event[] {
  return [program("terminate"), ...meanwhile(cast), program("once"), ...meanwhile(cast), program("start")];
}

function otherOptions(cast: Cast): Event[] {
  const flags = cast.random.pick([
    [],
    ["--isolate"],
    ["--isolate", "--exclude", "em3"],
    ["--table-base", "5000"],
    ["--priority", "20000"],
    [
      "--exclude",
      "em3",
    ],
    ["--rules", "per-prefix"],
    ["--rules", "per-prefix", "--priority", "20000"],
    ["--rules", "per-prefix", "--isolate"],
  ]);
  return [program("terminate"), { on: "program", order: "start", flags }];
}

function meanwhile(cast: Cast): Event[] {
  return Array.from({ length: cast.random.int(3) }, () => someEvents(cast)).flat()
    .filter((event) => event.on !== "program");
}

function anyIp({ random, cables }: Cast): Event[] {
  const { name } = random.pick(cables);
  const prefix = random.pick(["192.0.2.64/28", "192.0.2.77", "2001:db8:66::/64"]);
  return [host(`route ${random.pick(["add", "del"])} local ${prefix} dev ${name} proto 66`)];
}
