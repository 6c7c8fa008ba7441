// What may happen to the mixed host: under a running program, and while none runs.

import type { Random } from "../model/random.ts";
import { families, type Family } from "./addressing.ts";
import type { Happening } from "./machine.ts";
import { bridge, cable, configuration, length, names, net, wanderers } from "./mixed_host.ts";

/** Something that a running program follows, of the kinds that take more than one change. */
export function change(random: Random): Happening {
  const family = random.pick(families);
  return random.pick([gateway, address, wandering, burst, forwarding, defaults, ban, shared])(family, random);
}

/** What may happen while no program runs, several things at once. */
export function absence(random: Random): Happening[] {
  const others = Array.from({ length: random.int(3) }, () => change(random));
  return [random.pick(harsh)(random.pick(families), random), ...others];
}

type Kind = (family: Family, random: Random) => Happening;

const gateway: Kind = (family, random) => {
  const number = 1 + random.int(3), via = `${net(number, family)}${random.pick([1, 9, 10])}`;
  return happening(`${names[number]}'s gateway becomes ${via}`, [
    `route replace default via ${via} dev ${names[number]} proto static metric ${104 + number}`,
  ]);
};

const address: Kind = (family, random) => {
  const isNew = random.chance(60), number = 1 + random.int(3), last = 3 + random.int(2);
  return isNew
    ? happening(`${names[number]} gets one more ${family} address`, [arrival(number, family, last)])
    : happening(`${names[number]} loses a ${family} address`, departures(number, family, [last]));
};

function arrival(number: number, family: Family, last: number): string {
  const nodad = family === "IPv6" ? " nodad" : "";
  return `address add ${net(number, family)}${last}/${length(number, family)} dev ${names[number]}${nodad}`;
}

/** The one that wanders goes with them: alone it would keep routes whose gateways nothing leads to any more. */
function departures(number: number, family: Family, last: number[]): string[] {
  const addresses = last.map((one) => `${net(number, family)}${one}/${length(number, family)}`);
  return [...addresses, wanderers[family]].map((each) => `address delete ${each} dev ${names[number]}`);
}

const wandering: Kind = (family, random) => {
  const [from, to] = random.shuffled([1, 2, 3]);
  const ip = wanderers[family], nodad = family === "IPv6" ? " nodad" : "";
  return happening(`${ip} is moved to ${names[to]}`, [
    // It is never alone: see departures.
    arrival(to, family, 2),
    `address delete ${ip} dev ${names[from]}`,
    `address add ${ip} dev ${names[to]}${nodad}`,
  ]);
};

const burst: Kind = (family, random) => {
  const number = 1 + random.int(2),
    verb = random.pick(["replace", "replace", "delete"]),
    size = 5 + random.int(20);
  const via = `${net(number, family)}1 dev ${names[number]}`;
  const prefix = (i: number) => family === "IPv4" ? `100.64.${i}.0/24` : `2001:db8:64:${i}::/64`;
  return happening(
    `${verb} ${size} routes by ${names[number]}`,
    Array.from({ length: size }, (_, i) => `route ${verb} ${prefix(i)} via ${via}`),
  );
};

const forwarding: Kind = (family, random) => {
  const path = family === "IPv4" ? "ipv4/ip_forward" : "ipv6/conf/all/forwarding", value = random.int(2);
  return { name: `${path}=${value}`, sysctl: { [path]: value } };
};

const defaults: Kind = (family, random) => {
  const verb = random.pick(["add", "delete", "delete"]);
  const line = `route ${verb} default via ${net(3, family)}1 dev em3 proto static metric 107`;
  return happening(line, [line]);
};

const ban: Kind = (family, random) => {
  const prefix = family === "IPv4" ? "192.0.2.0/24" : "2001:db8:b::/48";
  const type = family === "IPv4" ? "blackhole" : "unreachable";
  const line = `route ${random.pick(["add", "delete"])} ${type} ${prefix}`;
  return happening(line, [line]);
};

const shared: Kind = (family, random) => {
  const prefix = family === "IPv4" ? "172.18.0.0/16" : "2001:db8:18::/64";
  const line = `route ${random.pick(["add", "delete"])} ${prefix} dev br0`;
  return happening(line, [line]);
};

const vanished: Kind = () => ({ name: "em3 is deleted", far: ["link delete p3"] });

/** Another interface gets em3's ifindex: with addresses of its own, or with em3's. */
const replaced: Kind = (_, random) => {
  const own = random.pick([3, 9]), metric = random.pick([50, 107, undefined]);
  return {
    name: `em9 takes em3's ifindex, with the addresses of em${own}, metric ${metric}`,
    far: ["link delete p3", ...cable(3, "em9")],
    host: configuration(3, { device: "em9", net: own, metric }),
  };
};

const brought: Kind = (_, random) => ({
  name: "em8 comes",
  far: ["link delete p8", ...cable(8, "em8")],
  host: configuration(8, { device: "em8", metric: random.pick([50, 112]) }),
});

const down: Kind = (_, random) => {
  const number = 1 + random.int(3), device = names[number], isBack = random.chance(50);
  return happening(`${device} goes down${isBack ? " and comes back" : ""}`, [
    `link set ${device} down`,
    ...(isBack ? configuration(number, { metric: 104 + number }) : []),
  ]);
};

const emptied: Kind = (family, random) => {
  const number = 1 + random.int(3);
  return happening(`${names[number]} loses its ${family} addresses`, departures(number, family, [4, 3, 2]));
};

const noBridge: Kind = (_, random) =>
  random.chance(50)
    ? happening("br0 is deleted", ["link delete br0"])
    : happening("br0 comes again", ["link delete br0", ...bridge]);

function happening(name: string, host: string[]): Happening {
  return { name, host };
}

const harsh = [vanished, replaced, brought, down, emptied, noBridge];
