/** Two interfaces in one IPv4 network: each answers who has an address for the other, unless it is told not to. */

import { formatPrefix, parsePrefix, type Prefix } from "../model/address.ts";
import { Prefixes } from "../model/prefixes.ts";
import type { Address, Arp, Link } from "../model/records.ts";
import { isGlobal } from "./addresses.ts";
import type { Note } from "./note.ts";

/** ARPHRD_ETHER, ARPHRD_INFINIBAND (linux/if_arp.h): what asks by ARP. */
const ASKING: ReadonlySet<number> = new Set([1, 32]);

interface Interfaces {
  readonly links: ReadonlyMap<number, Link>;
  readonly addresses: readonly Address[];
}

/** An on-link prefix that lies in no other one, and the interfaces that have addresses in it: more than one. */
interface Network {
  readonly prefix: Prefix;
  readonly ifindexes: readonly number[];
}

/** The IPv4 networks that several interfaces are in; of those that `takesPart` says yes to. */
export function sharedNetworks(
  { links, addresses }: Interfaces,
  takesPart: (ifindex: number) => boolean = () => true,
): Network[] {
  const own = addresses.filter((address) =>
    address.family === 4 && isGlobal(address) && takesPart(address.ifindex) &&
    ASKING.has(links.get(address.ifindex)?.arptype ?? 0)
  );
  // One with a peer is alone in its own network.
  const places = own.map(({ ip, prefixLength, peer, ifindex }) =>
    [peer === undefined ? `${ip}/${prefixLength}` : ip, ifindex] as const
  );
  const unlike = new Map(places.map(([text, ifindex]) => {
    const prefix = parsePrefix(text)!;
    return [`${formatPrefix(prefix)} ${ifindex}`, { prefix, value: ifindex }];
  }));
  const all = new Prefixes(unlike.values());
  const networks = new Map([...unlike.values()].map(({ prefix }) => {
    const widest = all.around(prefix).at(-1)!.prefix;
    return [formatPrefix(widest), widest];
  }));
  return [...networks.values()].map((prefix) => {
    return {
      prefix,
      ifindexes: [...new Set(all.within(prefix).map(({ value }) => value))].sort((a, b) => a - b),
    };
  }).filter(({ ifindexes }) => ifindexes.length > 1);
}

/** What is to be set where interfaces of one network are in each other's way. */
export function arpNotes(
  { links, addresses, arp }: Interfaces & { readonly arp: ReadonlyMap<number, Arp> },
  takesPart: (ifindex: number) => boolean,
): Note[] {
  return sharedNetworks({ links, addresses }, takesPart).flatMap(({ prefix, ifindexes }): Note[] => {
    const settings = ifindexes.flatMap((ifindex) => {
      const has = arp.get(ifindex), name = links.get(ifindex)!.name.replaceAll(".", "/");
      return has ? missing(has).map((setting) => `net.ipv4.conf.${name}.${setting}`) : [];
    });
    if (settings.length === 0) return [];
    const names = ifindexes.map((ifindex) => links.get(ifindex)!.name);
    const text =
      `${names.slice(0, -1).join(", ")} and ${names.at(-1)} are in one network, ${formatPrefix(prefix)}, ` +
      `and answer ARP for each other's addresses: requests come in by any of them (sysctl ${
        settings.join(" ")
      } ends that)`;
    return [{ kind: "warning", text }];
  });
}

/**
 * What keeps an interface from telling that another's address is its own. An `arp_filter` does as well as `arp_ignore`: it
 * asks for the way back, which source rules know.
 */
function missing({ ignore, announce, filter }: Arp): string[] {
  const isSilent = [1, 2, 8].includes(ignore) || filter > 0;
  return [...(isSilent ? [] : ["arp_ignore=1"]), ...(announce === 2 ? [] : ["arp_announce=2"])];
}
