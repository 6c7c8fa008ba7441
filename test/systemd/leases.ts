// A host as it is found most: two uplinks whose addresses are leased, by the least that one of the two managers can be
// told, and symrouted as a service that is enabled. Nobody waits for anybody at boot.

import assert from "node:assert/strict";
import { UNIT, unitText } from "../../src/unit/text.ts";
import { notCompiled } from "../lab/compiled.ts";
import { families, type Family, flag } from "../lab/addressing.ts";
import { answers, lines, sourceRules } from "../lab/observe.ts";
import { eventually, type Process } from "../lab/process.ts";
import { advertise, dhcpServer } from "../lab/servers.ts";
import { type Uplink, World } from "../lab/world.ts";
import { PROGRAM } from "./hardened.ts";
import { Machine, type MachineOptions } from "./machine.ts";
import { connection, SETTINGS, settings } from "./network_manager.ts";
import { machineTest } from "./scenario.ts";

export type ManagerName = keyof typeof managers;

/** The unit of each, and the files that are its ordinary configuration. */
export const managers = {
  "systemd-networkd": {
    unit: "systemd-networkd",
    files: { "/etc/systemd/network/uplinks.network": "[Match]\nName=em*\n[Network]\nDHCP=yes\n" },
    secrets: {},
  },
  NetworkManager: {
    unit: "NetworkManager",
    files: { [SETTINGS]: settings },
    secrets: Object.fromEntries(["em1", "em2"].map((device) => {
      const { path, head } = connection(device);
      return [path, `${head}[ipv4]\nmethod=auto\n[ipv6]\nmethod=auto\n`];
    })),
  },
} as const satisfies Record<string, Pick<MachineOptions, "files" | "secrets"> & { unit: string }>;

/** Milliseconds that leases and advertisements may take. */
const LATE = 40_000;

/** The second uplink's prefix of IPv6 that its router comes to advertise. */
const NEXT_PREFIX = "2001:db8:22::/64";

/** The booted host, and what leases its addresses. */
export class LeasedHost implements AsyncDisposable {
  private constructor(readonly world: World, readonly machine: Machine, private servers: Process[]) {}

  static async boot(name: ManagerName, options: { started: boolean; files?: Record<string, string> }) {
    const world = await World.build({ bare: [1, 2] });
    try {
      const servers: Process[] = [];
      for (const uplink of world.uplinks) {
        const { address } = uplink.IPv4;
        servers.push(await dhcpServer(uplink, { first: address, last: address, renewal: 3 }));
        servers.push(await advertise(uplink, { prefix: uplink.IPv6.prefix }));
      }
      const { unit, files, secrets } = managers[name];
      const machine = await Machine.boot({
        host: world.host,
        files: { ...files, [`/etc/systemd/system/${UNIT}`]: unitText(PROGRAM), ...options.files },
        secrets,
        enable: options.started ? [unit, UNIT] : [unit],
      });
      return new LeasedHost(world, machine, servers);
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The addresses of an uplink that came by DHCP or by advertisement, and can be used. */
  async leased({ device }: Uplink, family: Family): Promise<string[]> {
    const asked = `-o ${flag(family)} address show dev ${device} scope global -tentative -deprecated`;
    const told = await this.world.host.ip(asked);
    return lines(told).map((line) => / inet6? ([^/ ]+)/.exec(line)![1]);
  }

  /** Awaits that each uplink has an address in each family, and gives all of them. */
  async addresses(): Promise<string[]> {
    return await eventually(async () => {
      const found = await Promise.all(this.world.uplinks.flatMap((uplink) =>
        families.map(async (family) => {
          const some = await this.leased(uplink, family);
          assert.ok(some.length > 0, `${uplink.device} has no address of ${family} yet`);
          return some;
        })
      ));
      return found.flat();
    }, { within: LATE });
  }

  /** Awaits that each address has its uplink's rule, and answers. */
  async assertSymmetric(): Promise<void> {
    await this.addresses();
    await eventually(async () => {
      for (const family of families) {
        const wanted = await Promise.all(this.world.uplinks.map(async (uplink) => {
          const addresses = await this.leased(uplink, family);
          return addresses.map((address) => `from ${address} lookup ${uplink.table}`);
        }));
        assert.deepEqual(await sourceRules(this.world.host, family), wanted.flat().sort());
      }
      for (const address of await this.addresses()) {
        assert.equal(await answers(this.world, address), true, `${address} does not answer`);
      }
    }, { within: LATE });
  }

  /** The second uplink's router leases another address and advertises another prefix beside the old one. */
  async changeLeases(address: string): Promise<void> {
    const uplink = this.world.uplink(2), { near } = uplink.IPv6;
    await this.servers[2].stop();
    await dhcpServer(uplink, { first: address, last: address, renewal: 3 });
    await uplink.router.ip(`address add ${NEXT_PREFIX.replace("/", "1/")} dev host`);
    await this.world.client.ip(`route add ${NEXT_PREFIX} via ${near} src 2001:db8:c::9`);
    await this.servers[3].stop();
    await advertise(uplink, { prefix: NEXT_PREFIX });
    await eventually(async () => {
      assert.deepEqual(await this.leased(uplink, "IPv4"), [address]);
      const advertised = await this.leased(uplink, "IPv6");
      assert.ok(advertised.some((each) => each.startsWith("2001:db8:22:")), advertised.join(" "));
    }, { within: LATE });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
    await this.world[Symbol.asyncDispose]();
  }
}

/** A test with such a host, once it is symmetric after its boot; `started: false` for one without symrouted. */
export function leasedTest(
  name: string,
  manager: ManagerName,
  body: (host: LeasedHost) => Promise<void>,
  { started = true, files = {} }: { started?: boolean; files?: Record<string, string> } = {},
): void {
  machineTest(`${manager}, two leases: ${name}`, async () => {
    await using host = await LeasedHost.boot(manager, { started, files });
    if (started) await host.assertSymmetric();
    await body(host);
  }, { skip: notCompiled() });
}
