// NetworkManager: what it is told, and when it has done it.

import { families } from "../lab/addressing.ts";
import { eventually } from "../lab/process.ts";
import type { World } from "../lab/world.ts";
import type { Machine } from "./machine.ts";

/** It leaves veths alone unless told, on Ubuntu whatever is no radio, and makes connections of its own for what it takes. */
export const settings = `
[main]
no-auto-default=*

[keyfile]
unmanaged-devices=none

[device]
match-device=interface-name:em*
managed=1
`;

/** Where that is written down. */
export const SETTINGS = "/etc/NetworkManager/conf.d/uplinks.conf";

/** NetworkManager as what configures the uplinks: em1 has fixed addresses, em2 is leased. */
export const networkManager = {
  unit: "NetworkManager",
  files: () => ({ [SETTINGS]: settings }),
  async online(machine: Machine, world: World): Promise<void> {
    const [first, second] = world.uplinks;
    const fixed = families.map((family) => {
      const { address, length, gateway } = first[family];
      return `[${family.toLowerCase()}]\nmethod=manual\naddress1=${address}/${length},${gateway}\nroute-metric=${first.metric}\n`;
    });
    const token = second.IPv6.address.replace(/^.*::/, "::");
    const leased = [
      `[ipv4]\nmethod=auto\nroute-metric=${second.metric}\n`,
      `[ipv6]\nmethod=auto\nroute-metric=${second.metric}\naddr-gen-mode=0\nip6-privacy=0\ntoken=${token}\n`,
    ];
    await add(machine, first.device, fixed);
    await add(machine, second.device, leased);
    // It has started before it can be asked for everything.
    await eventually(() => machine.must(["nmcli", "connection", "reload"]), { within: 20_000 });
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

/** Writes down an uplink's connection, which nobody else may read. */
async function add(machine: Machine, device: string, sections: string[]): Promise<void> {
  const { path, head } = connection(device);
  await machine.write(path, [head, ...sections].join(""), { mode: 0o600 });
}

/** Where an uplink's connection is written down, and how that begins. */
export function connection(device: string): { path: string; head: string } {
  const uuid = crypto.randomUUID();
  return {
    path: `/etc/NetworkManager/system-connections/${device}.nmconnection`,
    head: `[connection]\nid=${device}\ntype=ethernet\ninterface-name=${device}\nuuid=${uuid}\n`,
  };
}
