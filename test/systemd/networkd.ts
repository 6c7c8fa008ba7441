// systemd-networkd: what it is told, and when it has done it.

import assert from "node:assert/strict";
import { families, type Family } from "../lab/addressing.ts";
import { eventually } from "../lab/process.ts";
import type { Uplink, World } from "../lab/world.ts";
import type { Machine } from "./machine.ts";

const unit = "systemd-networkd";

/** The uplinks that it configures. */
const devices = ["em1", "em2"];

/** systemd-networkd as what configures the uplinks. */
export const networkd = {
  unit,
  files({ uplinks: [first, second] }: World, { leased }: { leased: boolean }) {
    return {
      "/etc/systemd/network/em1.network": networkFile(first, { fixed: families }),
      "/etc/systemd/network/em2.network": networkFile(second, { fixed: leased ? [] : families }),
    };
  },
  online,
};

/** An uplink's configuration: fixed in these families, by DHCP or router advertisements in the others. */
function networkFile(uplink: Uplink, options: { fixed: readonly Family[] }): string {
  const { device, metric } = uplink;
  const told = families.map((family) => {
    const { address, length, gateway } = uplink[family];
    if (options.fixed.includes(family)) {
      return `[Address]\nAddress=${address}/${length}\n[Route]\nGateway=${gateway}\nMetric=${metric}`;
    }
    if (family === "IPv4") return `[Network]\nDHCP=ipv4\n[DHCPv4]\nRouteMetric=${metric}`;
    // The interface's part of the address that the world knows.
    const token = address.replace(/^.*::/, "::");
    return `[IPv6AcceptRA]\nRouteMetric=${metric}\nToken=${token}\nDHCPv6Client=no`;
  });
  const advertised = options.fixed.includes("IPv6") ? "no" : "yes";
  return [`[Match]\nName=${device}\n[Network]\nIPv6AcceptRA=${advertised}`, ...told, ""].join("\n");
}

/** Files that tell it one thing more about each uplink. */
export function dropIn(setting: string): Record<string, string> {
  const path = (device: string) => `/etc/systemd/network/${device}.network.d/more.conf`;
  return Object.fromEntries(devices.map((device) => [path(device), `[Network]\n${setting}\n`]));
}

/** Does something that makes it configure these devices again, and awaits that it has done so. */
export async function configured(
  machine: Machine,
  action: () => Promise<unknown>,
  options: { again?: string[] } = {},
): Promise<void> {
  const again = options.again ?? devices;
  const before = await configurations(machine);
  await action();
  await eventually(async () => {
    const now = await configurations(machine);
    for (const device of again) assert.ok(now[device] > before[device], `${device} is not configured again`);
  }, { within: 20_000 });
  await online(machine);
}

/** Awaits that it has configured the uplinks. */
async function online(machine: Machine): Promise<void> {
  const interfaces = devices.map((device) => `--interface=${device}`);
  await machine.must(["/lib/systemd/systemd-networkd-wait-online", "--timeout=20", ...interfaces]);
}

/** Starts it again, and awaits that it has configured the uplinks. */
export function restart(machine: Machine): Promise<void> {
  return configured(machine, () => machine.systemctl(`restart ${unit}`));
}

/** How often it has begun to configure each device. */
async function configurations(machine: Machine): Promise<Record<string, number>> {
  const lines = await machine.journal(unit);
  const count = (device: string) =>
    lines.filter((line) => line.startsWith(device) && /: (Rec|C)onfiguring with /.test(line)).length;
  return Object.fromEntries(devices.map((device) => [device, count(device)]));
}
