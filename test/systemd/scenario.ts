// How a test with a machine is written down: the usual world, whose host is a machine with a systemd of its own, with
// uplinks that systemd-networkd configures and with symrouted as a service.

import assert from "node:assert/strict";
import { families } from "../lab/addressing.ts";
import { eventually, type Process } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { advertise, dhcpServer } from "../lab/servers.ts";
import { type Uplink, World } from "../lab/world.ts";
import { environment, Machine, program, variables } from "./machine.ts";
import { networkFile, online } from "./networkd.ts";
import { ours } from "./ours.ts";

/** How the host differs from the usual one. */
export interface HostOptions {
  /** Whether em2 has its addresses from DHCP and router advertisements; they are fixed as em1's unless told. */
  leased?: boolean;
  /** Files that it boots with, beyond those of the usual one. */
  files?: Record<string, string>;
  /** What is enabled when it boots; systemd-networkd and symrouted unless told. */
  enable?: string[];
}

const service = `
[Unit]
After=systemd-networkd.service
StartLimitIntervalSec=0

[Service]
Type=simple
ExecStart=${program}
Environment=${environment}

[Install]
WantedBy=multi-user.target
`;

/** A test with machines, skipped with the reason in its name where there can be none. */
export function machineTest(name: string, fn: () => Promise<void>): void {
  const known = Deno.env.has(variables.root) || Deno.env.has(variables.reason);
  const skip = known ? Deno.env.get(variables.reason) : "needs a systemd: `deno task test-systemd` makes it";
  isolatedTest(name, fn, { skip });
}

/** A test in a world whose host is a machine; when it begins, what is enabled has done its work. */
export function machineScenario(
  name: string,
  body: (world: World, machine: Machine, dhcp?: Process) => Promise<void>,
  options: HostOptions = {},
): void {
  machineTest(name, async () => {
    await using world = await World.build({ bare: [1, 2] });
    const [first, second] = world.uplinks;
    const dhcp = options.leased ? await lease(second) : undefined;
    const files = {
      "/etc/systemd/network/em1.network": networkFile(first, { fixed: families }),
      "/etc/systemd/network/em2.network": networkFile(second, { fixed: options.leased ? [] : families }),
      "/etc/systemd/system/symrouted.service": service,
      ...options.files,
    };
    const enable = options.enable ?? ["systemd-networkd", "symrouted"];
    await using machine = await Machine.boot({ host: world.host, files, enable });
    if (enable.includes("systemd-networkd")) await online(machine);
    if (enable.includes("symrouted")) {
      // Four rules; each uplink's on-link prefix and default, in IPv6 its link-local prefix too; DHCP brings one more.
      const all = options.leased ? 15 : 14;
      await eventually(async () => assert.equal((await ours(world)).length, all), { within: 20_000 });
    }
    await body(world, machine, dhcp);
  });
}

/** DHCP and router advertisements, for the addresses that the world knows. */
async function lease(uplink: Uplink): Promise<Process> {
  const { address } = uplink.IPv4;
  const dhcp = await dhcpServer(uplink, { first: address, last: address });
  await advertise(uplink, { prefix: uplink.IPv6.prefix });
  return dhcp;
}
