// A network behind the host with a server in it, in both families: what ports are published of or forwarded to.

import type { Family } from "./addressing.ts";
import { script } from "./deno.ts";
import { Namespace } from "./netns.ts";
import { forwarding, quiet, type World } from "./world.ts";

/** The host's and the server's address, and their network. */
export const inner: Record<Family, { host: string; server: string; length: number; network: string }> = {
  IPv4: { host: "172.17.0.1", server: "172.17.0.2", length: 16, network: "172.17.0.0/16" },
  IPv6: { host: "fd00:d0::1", server: "fd00:d0::2", length: 64, network: "fd00:d0::/64" },
};

/** The server's namespace; the host, which forwards from now on, is its way to everything. */
export class Inner implements AsyncDisposable {
  private constructor(readonly space: Namespace) {}

  /** The device on the host: a bridge with the server's veth in it, or, as `lan`, the veth itself. */
  static async create({ host }: World, device: "docker0" | "virbr0" | "lan"): Promise<Inner> {
    const [space] = await Namespace.create(["inner"]);
    await Promise.all([space.sysctl(quiet), host.sysctl(forwarding)]);
    const isBridge = device !== "lan";
    await host.batch([
      `link add ${isBridge ? "veth0" : device} type veth peer name eth0 netns ${space.name}`,
      ...(isBridge ? [`link add ${device} type bridge`, `link set veth0 master ${device} up`] : []),
      `link set ${device} up`,
      `address add ${inner.IPv4.host}/${inner.IPv4.length} dev ${device}`,
      `address add ${inner.IPv6.host}/${inner.IPv6.length} dev ${device} nodad`,
    ]);
    await space.batch([
      "link set lo up",
      "link set eth0 up",
      `address add ${inner.IPv4.server}/${inner.IPv4.length} dev eth0`,
      `address add ${inner.IPv6.server}/${inner.IPv6.length} dev eth0 nodad`,
      `route add default via ${inner.IPv4.host}`,
      `route add default via ${inner.IPv6.host}`,
    ]);
    return new Inner(space);
  }

  /** A service of TCP and UDP that gives back what it is sent. */
  async serve(port = 80): Promise<void> {
    await this.space.spawn([...script("echo.ts"), String(port)]).line(/listening/);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.space[Symbol.asyncDispose]();
  }
}
