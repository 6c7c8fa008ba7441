// A WireGuard tunnel between host and client that takes all of the host's traffic, as wg-quick sets it up.

import { folderOf } from "../setup.ts";
import { client } from "./addressing.ts";
import type { Namespace } from "./netns.ts";
import type { World } from "./world.ts";

/** Addresses inside the tunnel, and one that the host reaches by the tunnel alone. */
const tunnel = {
  host: ["10.9.0.2/24", "2001:db8:90::2/64"],
  client: ["10.9.0.1/24", "2001:db8:90::1/64", "198.51.100.1/32", "2001:db8:91::1/128"],
};
export const beyond = ["198.51.100.1", "2001:db8:91::1"];

const PORT = 51820;

/** Why a test with it cannot run. */
export function lacksWireguard(): string | undefined {
  return folderOf("wg-quick") ? undefined : "wg-quick is not installed";
}

/** The tunnel's end on the host is up from `up` to `down`; the client's is there all the time and asks for it. */
export class Tunnel {
  private constructor(readonly host: Namespace, readonly peer: Namespace, readonly config: string) {}

  /** The client calls the host at `endpoint`. */
  static async create(world: World, endpoint: string): Promise<Tunnel> {
    const folder = await Deno.makeTempDir({ dir: "/run", prefix: "wireguard-" });
    const [ours, theirs] = [await keys(world.host), await keys(world.client)];
    const config = `${folder}/wg0.conf`;
    const all = "AllowedIPs = 0.0.0.0/0, ::/0";
    await Deno.writeTextFile(
      config,
      `[Interface]\nPrivateKey = ${ours.secret}\nListenPort = ${PORT}\nAddress = ${
        tunnel.host.join(", ")
      }\n` +
        `[Peer]\nPublicKey = ${theirs.open}\nEndpoint = ${client.IPv4}:${PORT}\n${all}\n`,
      { mode: 0o600 },
    );
    await Deno.writeTextFile(
      `${folder}/client`,
      `[Interface]\nPrivateKey = ${theirs.secret}\nListenPort = ${PORT}\n` +
        `[Peer]\nPublicKey = ${ours.open}\nEndpoint = ${endpoint}:${PORT}\nPersistentKeepalive = 1\n${all}\n`,
      { mode: 0o600 },
    );
    await world.client.ip("link add wg0 type wireguard");
    await world.client.must(["wg", "setconf", "wg0", `${folder}/client`]);
    await world.client.batch([
      ...tunnel.client.map((address) =>
        `address add ${address} dev wg0${address.includes(":") ? " nodad" : ""}`
      ),
      "link set wg0 up",
    ]);
    return new Tunnel(world.host, world.client, config);
  }

  /** Only the first of the two is a bash script: it wants its own PATH, and takes the rest from it. */
  async up(): Promise<void> {
    await this.host.must(["wg-quick", "up", this.config]);
  }

  async down(): Promise<void> {
    await this.host.must(["wg-quick", "down", this.config]);
  }

  /** Whether the client gets an answer from the host through the tunnel. */
  async answers(): Promise<boolean> {
    const asked = tunnel.host.map((address) =>
      this.peer.run(["ping", "-n", "-c1", "-W1", address.split("/")[0]])
    );
    return (await Promise.all(asked)).every(({ code }) => code === 0);
  }
}

interface Keys {
  secret: string;
  open: string;
}

export async function keys(host: Namespace): Promise<Keys> {
  const secret = (await host.must(["wg", "genkey"])).trim();
  return { secret, open: (await host.must(["wg", "pubkey"], { stdin: secret })).trim() };
}
