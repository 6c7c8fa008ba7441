// What is not the program's, as text: on the host it is to be what it is on the twin, where the program never ran.

import { families } from "../lab/addressing.ts";
import { isOfFirstVersion, mayBeOurs } from "./spec.ts";
import type { Shown } from "./shown.ts";

/** `objects`: also next hop objects and their routes. */
export function foreignOf(shown: Shown, { objects }: { objects: boolean }): string[] {
  const { links, addresses, nexthops, routes, rules } = shown;
  return [
    ...links.map(({ ifindex, ifname, flags }) => `link ${JSON.stringify([ifindex, ifname, flags])}`),
    ...addresses.flatMap(({ ifname, addr_info }) =>
      addr_info.map((address) => `address ${ifname} ${JSON.stringify(address)}`)
    ),
    ...(objects ? nexthops : []).map((nexthop) => `nexthop ${JSON.stringify(nexthop)}`),
    ...families.flatMap((family) => [
      ...rules[family].filter((rule) => rule.protocol !== "115" && !isOfFirstVersion(rule))
        .map((rule) => `${family} rule ${JSON.stringify(rule)}`),
      ...routes[family].filter((route) => !mayBeOurs(route) && (objects || route.nhid === undefined)).map((
        route,
      ) => `${family} route ${JSON.stringify(route)}`),
    ]),
  ].sort();
}

/** The lines that only one of them has. */
export function compare(without: readonly string[], now: readonly string[]): string | undefined {
  const lost = without.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
  const added = now.filter((line) => !without.includes(line)).map((line) => `+ ${line}`);
  const difference = [...lost, ...added];
  if (difference.length > 0) return difference.join("\n");
  return without.length === now.length ? undefined : "some line stands there twice";
}
