// Thinks up worlds: hosts with 2 to 8 uplinks, and what befalls them.

import type { Random } from "../model/random.ts";
import { type Cast, configured, foreignLines, plug, someAddress, someRoute } from "./cables.ts";
import { someEvents } from "./random_events.ts";
import type { Burst, Event, Script } from "./script.ts";

/** Interfaces that lead to networks inside the host, with what they have. */
const INSIDES: readonly { name: string; lines: readonly string[] }[] = [
  {
    name: "br0",
    lines: [
      "link add br0 index 50 address 02:00:00:00:f0:01 type bridge",
      "link set br0 up",
      "address add 172.17.0.1/16 dev br0",
      "address add 2001:db8:17::1/64 dev br0 nodad",
    ],
  },
  {
    name: "vx0",
    lines: [
      "link add vx0 index 51 address 02:00:00:00:f0:02 type vxlan id 5 dstport 4789",
      "link set vx0 up",
      "address add 10.244.0.1/32 dev vx0",
      "route add 10.244.0.0/16 dev vx0",
    ],
  },
  {
    name: "tun0",
    lines: [
      "tuntap add tun0 mode tun",
      "link set tun0 addrgenmode none",
      "link set tun0 up",
      "address add 10.8.0.2/24 dev tun0",
      "address add fd08::2/64 dev tun0 nodad",
    ],
  },
];

export function randomScript(random: Random): Script {
  const insides = random.some(INSIDES, 40);
  const count = random.pick([2, 2, 2, 3, 3, 4, 5, 8]);
  const cables = Array.from(
    { length: count },
    (_, i) => ({ number: i + 1, name: `em${i + 1}`, index: 11 + i }),
  );
  const cast: Cast = {
    ...{ random, cables, routes: [], nexthops: [], next: count + 1 },
    insides: insides.map(({ name }) => name),
  };
  const setup = setupOf(cast, insides.flatMap(({ lines }) => lines));
  const flags = flagsOf(random);
  const bursts = Array.from({ length: 2 + random.int(4) }, (): Burst => ({
    events: Array.from({ length: 1 + random.int(5) }, () => someEvents(cast)).flat(),
    rest: random.chance(50) ? 0 : random.int(80),
  }));
  if (random.chance(85)) bursts.push({ events: repaired(cast), rest: 0 });
  return { setup, flags, bursts, stays: random.chance(90), flushed: random.chance(20) };
}

function flagsOf(random: Random): string[] {
  return [
    ...(random.chance(10) ? ["--table-base", "5000"] : []),
    ...(random.chance(5) ? ["--priority", "20000"] : []),
    ...(random.chance(10) ? ["--exclude", "em2"] : []),
    ...(random.chance(20) ? ["--isolate"] : []),
    ...(random.chance(25) ? ["--rules", "per-prefix"] : []),
    ...(random.chance(10) ? ["--set-route-metric", "mtu=1300"] : []),
  ];
}

function setupOf(cast: Cast, insides: readonly string[]): Event[] {
  const { random, cables } = cast;
  const settings = {
    "ipv4/conf/all/rp_filter": random.int(3),
    ...(random.chance(15) ? { "ipv4/ip_forward": 1 } : {}),
    ...(random.chance(20) ? { "ipv4/nexthop_compat_mode": 0 } : {}),
    ...(random.chance(15) ? { "ipv6/conf/all/forwarding": 1 } : {}),
  };
  const bare = cables.filter((_, i) => i > 0 && random.chance(10));
  return [
    { on: "settings", settings },
    { on: "host", lines: [...cables.map(plug), ...cables.map(({ name }) => `link set ${name} up`)] },
    { on: "outside", lines: cables.map(({ number }) => `link set PEER${number} up`) },
    {
      on: "host",
      lines: [
        ...cables.filter((cable) => !bare.includes(cable)).flatMap((cable) => configured(cable)),
        ...insides,
        ...several(random.int(4), () => {
          const cable = random.pick(cables);
          return [`address add ${someAddress(cable, cast)} dev ${cable.name}`];
        }),
        ...several(random.int(8), () => {
          const route = someRoute(cast);
          cast.routes.push(route);
          return [`route append ${route}`];
        }),
        ...several(random.chance(40) ? random.int(4) : 0, () => foreignLines(cast)),
        ...(random.chance(10) ? [`rule add from 10.1.0.2 lookup ${1000 + cables[0].index}`] : []),
      ],
    },
  ];
}

function several(times: number, make: () => readonly string[]): string[] {
  return Array.from({ length: times }, make).flat();
}

/** What brings most of a host back, as people do in the end: links up, addresses, default routes. */
function repaired({ random, cables }: Cast): Event[] {
  const [mended] = [cables.filter(() => random.chance(85))];
  return [
    { on: "outside", lines: mended.map(({ number }) => `link set PEER${number} up`) },
    {
      on: "host",
      lines: mended.flatMap((cable) => [`link set ${cable.name} up`, ...configured(cable)]),
    },
  ];
}
