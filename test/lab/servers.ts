// What configures an uplink from outside: DHCP and router advertisements.

import type { Namespace } from "./netns.ts";
import type { Process } from "./process.ts";
import type { Uplink } from "./world.ts";

const script = new URL("./udhcpc.sh", import.meta.url).pathname;

/** What a DHCP server leases. */
export interface Lease {
  first: string;
  last: string;
  /**
   * After how many seconds a client asks this server whether it may keep its address, and two more until it asks any; most
   * of the lease's two minutes unless told.
   */
  renewal?: number;
}

/** A DHCP server on the uplink's router that leases addresses from `first` to `last`. */
export async function dhcpServer(uplink: Uplink, { first, last, renewal }: Lease): Promise<Process> {
  const times = renewal ? [`option:T1,${renewal}`, `option:T2,${renewal + 2}`] : [];
  const server = uplink.router.spawn([
    "dnsmasq",
    "--keep-in-foreground",
    "--conf-file=/dev/null",
    "--port=0",
    "--interface=host",
    "--user=root",
    "--no-ping",
    "--dhcp-authoritative",
    "--log-facility=-",
    "--pid-file=",
    "--dhcp-leasefile=/dev/null",
    `--dhcp-range=${first},${last},2m`,
    ...times.map((each) => `--dhcp-option=${each}`),
    `--dhcp-option=option:router,${uplink.IPv4.gateway}`,
  ]);
  await server.line(/DHCP, sockets bound|DHCP, IP range/);
  return server;
}

/** A DHCP client on one of the host's devices. */
export function dhcpClient(host: Namespace, device: string): Process {
  return host.spawn(
    ["busybox", "udhcpc", "--foreground", "--interface", device, "--script", script, "-t", "50", "-T", "1"],
  );
}

/** What a router advertises, and by which of its devices. */
export interface Advertisement {
  prefix: string;
  device?: string;
  preference?: "low" | "medium" | "high";
}

/** Router advertisements from the uplink's router, until the process is stopped. */
export async function advertise(uplink: Uplink, advertisement: Advertisement): Promise<Process> {
  const { prefix, device = "host", preference = "medium" } = advertisement;
  const path = await Deno.makeTempFile({ dir: "/run", prefix: "radvd-", suffix: ".conf" });
  await Deno.writeTextFile(
    path,
    `interface ${device} {
  AdvSendAdvert on;
  MinRtrAdvInterval 3;
  MaxRtrAdvInterval 4;
  AdvDefaultLifetime 600;
  AdvDefaultPreference ${preference};
  prefix ${prefix} { AdvOnLink on; AdvAutonomous on; };
};
`,
  );
  const pidFile = `${path}.pid`;
  const server = uplink.router.spawn(
    ["radvd", "--nodaemon", "--config", path, "--pidfile", pidFile, "--logmethod", "stderr"],
  );
  await server.line(/started/);
  return server;
}

/** Lets one of the host's devices configure itself from router advertisements. */
export async function acceptAdvertisements(host: Namespace, device: string): Promise<void> {
  await host.sysctl({ [`ipv6/conf/${device}/autoconf`]: 1, [`ipv6/conf/${device}/accept_ra`]: 2 });
}
