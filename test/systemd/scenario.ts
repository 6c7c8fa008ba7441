// How a test with a machine is written down: the usual world, whose host is a machine with a systemd of its own, with
// uplinks that another program configures and with symrouted as a service.

import assert from "node:assert/strict";
import { eventually, type Process } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { advertise, dhcpServer } from "../lab/servers.ts";
import { type Uplink, World } from "../lab/world.ts";
import { environment, Machine, program, type Release, variables } from "./machine.ts";
import { networkd } from "./networkd.ts";
import { mains, ours } from "./ours.ts";

/** A program that configures uplinks. */
export interface Manager {
  unit: string;
  /** The files that tell it what to do before it starts; em2 is leased or has fixed addresses, as em1. */
  files(world: World, options: { leased: boolean }): Record<string, string>;
  /** Awaits that it has configured the uplinks; what no file has told it is told by now. */
  online(machine: Machine, world: World): Promise<void>;
}

/** What a test with machines asks for. */
export interface MachineNeeds {
  /** What its machines are made of; the usual one unless told. */
  release?: Release;
  /** Why it cannot run here. */
  skip?: string;
}

/** How the host differs from the usual one. */
export interface HostOptions extends MachineNeeds {
  /** What configures the uplinks; systemd-networkd unless told. */
  manager?: Manager;
  /** Whether em2 has its addresses from DHCP and router advertisements; they are fixed as em1's unless told. */
  leased?: boolean;
  /** Files that it boots with, beyond those of the usual one. */
  files?: Record<string, string>;
  /** Whether symrouted is started; it is unless told. */
  started?: boolean;
}

const service = `
[Unit]
StartLimitIntervalSec=0

[Service]
Type=simple
ExecStart=${program}
Environment=${environment}
`;

/** A test with machines, skipped with the reason in its name where there can be none. */
export function machineTest(name: string, fn: () => Promise<void>, needs: MachineNeeds = {}): void {
  const { release = "usual" } = needs;
  const [root, reason] = [variables.root(release), variables.reason(release)].map((each) =>
    Deno.env.get(each)
  );
  const skip = root || reason ? reason : "needs a systemd: `deno task test-systemd` makes it";
  isolatedTest(name, fn, { skip: skip ?? needs.skip });
}

/** A test in a world whose host is a machine; when it begins, everything that is started has done its work. */
export function machineScenario(
  name: string,
  body: (world: World, machine: Machine, dhcp?: Process) => Promise<void>,
  options: HostOptions = {},
): void {
  machineTest(name, async () => {
    await using world = await World.build({ bare: [1, 2] });
    const { manager = networkd, leased = false, started = true, release } = options;
    const dhcp = leased ? await lease(world.uplink(2)) : undefined;
    const files = {
      ...manager.files(world, { leased }),
      "/etc/systemd/system/symrouted.service": service,
      ...options.files,
    };
    await using machine = await Machine.boot({ host: world.host, release, files, enable: [manager.unit] });
    await manager.online(machine, world);
    if (started) {
      await machine.systemctl("start symrouted");
      await eventually(async () => {
        // All that main has leads through an uplink, and is mirrored; four addresses have a rule.
        const [there, mirrored] = [await mains(world), await ours(world)];
        assert.ok(there.length >= 10, there.join("\n"));
        assert.equal(mirrored.length, there.length + 4, mirrored.join("\n"));
      }, { within: 20_000 });
    }
    await body(world, machine, dhcp);
  }, options);
}

/** DHCP and router advertisements, for the addresses that the world knows. */
async function lease(uplink: Uplink): Promise<Process> {
  const { address } = uplink.IPv4;
  const dhcp = await dhcpServer(uplink, { first: address, last: address });
  await advertise(uplink, { prefix: uplink.IPv6.prefix });
  return dhcp;
}
