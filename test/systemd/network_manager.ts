// NetworkManager: what it is told, and when it has done it.

import { families } from "../lab/addressing.ts";
import { words } from "../lab/netns.ts";
import { eventually } from "../lab/process.ts";
import type { World } from "../lab/world.ts";
import type { Machine } from "./machine.ts";

/** It leaves veths alone unless told, and makes connections of its own for what it takes. */
const settings = `
[main]
no-auto-default=*

[device]
match-device=interface-name:em*
managed=1
`;

/** NetworkManager as what configures the uplinks: em1 has fixed addresses, em2 is leased. */
export const networkManager = {
  unit: "NetworkManager",
  files: () => ({ "/etc/NetworkManager/conf.d/uplinks.conf": settings }),
  async online(machine: Machine, world: World): Promise<void> {
    const [first, second] = world.uplinks;
    await Promise.all([
      add(
        machine,
        first.device,
        families.flatMap((family) => {
          const { address, length, gateway } = first[family];
          const own = {
            method: "manual",
            addresses: `${address}/${length}`,
            gateway,
            "route-metric": first.metric,
          };
          return Object.entries(own).map(([name, value]) => `${family.toLowerCase()}.${name} ${value}`);
        }),
      ),
      add(machine, second.device, [
        `ipv4.route-metric ${second.metric} ipv6.route-metric ${second.metric}`,
        `ipv6.addr-gen-mode eui64 ipv6.token ${second.IPv6.address.replace(/^.*::/, "::")}`,
      ]),
    ]);
    await eventually(async () => {
      const addresses = await machine.must(["ip", "address", "show", "scope", "global"]);
      for (const uplink of world.uplinks) {
        for (const family of families) {
          if (!addresses.includes(` ${uplink[family].address}/`)) {
            throw new Error(`${uplink.device}: no ${family} yet`);
          }
        }
      }
    }, { within: 30_000 });
  },
};

/** Tells it of an uplink; it takes it up at once. */
async function add(machine: Machine, device: string, properties: string[]): Promise<void> {
  const command = `nmcli connection add type ethernet ifname ${device} con-name ${device} ${
    properties.join(" ")
  }`;
  await machine.must(words(command));
}
