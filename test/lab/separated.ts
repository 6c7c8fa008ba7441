// A host with a management uplink, em1, and a data network, em2, that leads to no client: what asks the data network's
// address from afar is answered through the management uplink, unless that is closed.

import { clientPrefix, families, type Family, flag } from "./addressing.ts";
import { Namespace } from "./netns.ts";
import { answers } from "./observe.ts";
import { run } from "./process.ts";
import type { World } from "./world.ts";

/** A network behind the host: the host's end of it, its guest, and the length of its prefix. */
export interface Behind {
  readonly host: string;
  readonly guest: string;
  readonly length: number;
}

/** Containers on a bridge, and a LAN on an ordinary interface. */
export const behind: Readonly<Record<"br0" | "lan", Readonly<Record<Family, Behind>>>> = {
  br0: {
    IPv4: { host: "172.17.0.1", guest: "172.17.0.2", length: 16 },
    IPv6: { host: "2001:db8:d0::1", guest: "2001:db8:d0::2", length: 64 },
  },
  lan: {
    IPv4: { host: "172.21.0.1", guest: "172.21.0.2", length: 16 },
    IPv6: { host: "2001:db8:d1::1", guest: "2001:db8:d1::2", length: 64 },
  },
};

/** Takes em2's defaults away, and lets em1's router pass everything: a leak is to be seen. */
export async function separate({ host, uplinks: [first] }: World): Promise<void> {
  for (const family of families) await host.ip(`${flag(family)} route del default dev em2`);
  await first.router.nft("flush ruleset");
}

/** Adds to, or deletes from, main the data network's own way to the client. */
export async function ownWay(world: World, { family, verb }: { family: Family; verb: "add" | "del" }) {
  const { gateway } = world.uplink(2)[family];
  await world.host.ip(`${flag(family)} route ${verb} ${clientPrefix[family]} via ${gateway} dev em2`);
}

/** Whether a request for the data network's address, from afar, is answered, by whatever way. */
export function leaks(world: World, family: Family): Promise<boolean> {
  return answers(world, world.uplink(2)[family].address);
}

/** Puts a guest behind the host: of a bridge, or of an ordinary interface. */
export async function addBehind({ host }: World, kind: "br0" | "lan"): Promise<Namespace> {
  const [guest] = await Namespace.create([kind]);
  const port = kind === "lan" ? "lan" : "veth0";
  await guest.sysctl({ "ipv6/conf/default/accept_dad": 0 });
  await host.batch([
    ...(kind === "lan" ? [] : ["link add br0 type bridge", "link set br0 up"]),
    `link add ${port} type veth peer name eth0 netns ${guest.name}`,
    ...(kind === "lan" ? [] : [`link set ${port} master br0`]),
    `link set ${port} up`,
  ]);
  await guest.ip("link set eth0 up");
  for (const family of families) {
    const { host: own, guest: other, length } = behind[kind][family];
    const nodad = family === "IPv6" ? " nodad" : "";
    await host.ip(`address add ${own}/${length} dev ${kind}${nodad}`);
    await guest.batch([
      `address add ${other}/${length} dev eth0${nodad}`,
      `route add default via ${own}`,
    ]);
  }
  return guest;
}

/** Whether an address answers a namespace's echo request; `from`: the address that it is sent from. */
export async function reaches(from: Namespace, to: string, source?: string): Promise<boolean> {
  const bound = source === undefined ? [] : ["-I", source];
  const command = ["ip", "netns", "exec", from.name, "ping", "-n", "-c1", "-W2", ...bound, to];
  return (await run(command)).code === 0;
}
