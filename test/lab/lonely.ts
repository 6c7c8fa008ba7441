// A host with uplinks that nobody is behind: for tests that ask the kernel and send no packets.

import { families, metric, side } from "./addressing.ts";
import { batch, Namespace } from "./netns.ts";
import { eventually } from "./process.ts";

/** The host, and a namespace in which the other ends of its cables are. */
export class LonelyHost implements AsyncDisposable {
  private constructor(readonly host: Namespace, readonly beyond: Namespace) {}

  /** With em1, em2 … as in the usual world, with addresses and defaults of both families. */
  static async build(options: { uplinks?: number } = {}): Promise<LonelyHost> {
    const [host, beyond] = await Namespace.create(["host", "beyond"]);
    const lonely = new LonelyHost(host, beyond);
    await host.sysctl({ "ipv6/conf/default/accept_dad": 0, "ipv6/conf/default/router_solicitations": 0 });
    await host.ip("link set lo up");
    for (let number = 1; number <= (options.uplinks ?? 2); number++) {
      await lonely.cable(`em${number}`, number + 1);
      await host.batch(families.flatMap((family) => {
        const { address, length, gateway } = side(number, family);
        const [where, rank] = [`dev em${number}`, `metric ${metric(number)}`];
        return [
          `address add ${address}/${length} ${where} ${rank}${family === "IPv6" ? " nodad" : ""}`,
          `route add default via ${gateway} ${where} proto static ${rank}`,
        ];
      }));
    }
    return lonely;
  }

  /** Adds an interface that has a carrier, and its link-local address. */
  async cable(device: string, index: number): Promise<void> {
    const { host, beyond } = this;
    await batch([], [
      `link add name ${device} index ${index} netns ${host.name} type veth peer name ${device} netns ${beyond.name}`,
    ]);
    await Promise.all([beyond.ip(`link set ${device} up`), host.ip(`link set ${device} up`)]);
    await eventually(async () => {
      if (!/fe80:/.test(await host.ip(`-6 -o address show dev ${device} scope link -tentative`))) {
        throw new Error(`${device} has no link-local address yet`);
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.host, this.beyond].map((each) => each[Symbol.asyncDispose]()));
  }
}
