// A VRF on the host: a customer's network with addresses, routes and a default route of its own.

import { families, type Family } from "./addressing.ts";
import { Namespace } from "./netns.ts";
import type { World } from "./world.ts";

/** The VRF `red` with its one interface, `cust`, and the customer behind it. */
export class Vrf implements AsyncDisposable {
  private constructor(readonly world: World, readonly table: number, readonly customer: Namespace) {}

  /** Makes it; it routes by the given table. */
  static async create(world: World, table: number): Promise<Vrf> {
    const [customer] = await Namespace.create(["customer"]);
    const vrf = new Vrf(world, table, customer);
    await customer.sysctl({ "ipv6/conf/default/accept_dad": 0 });
    await world.host.batch([
      `link add cust index 50 type veth peer name eth0 netns ${customer.name}`,
      ...vrf.lines(),
    ]);
    await customer.batch([
      "link set eth0 up",
      ...families.map((family) => `address add ${network[family].guest} dev eth0`),
    ]);
    return vrf;
  }

  /** What makes the VRF and gives it `cust`, whose addresses and routes it brings along, as `ip` commands. */
  lines(): string[] {
    const { table } = this;
    return [
      `link add red index 51 type vrf table ${table}`,
      "link set red up",
      "link set cust master red",
      "link set cust up",
      ...families.flatMap((family) => {
        const { host, via, all } = network[family];
        return [
          `address replace ${host} dev cust${family === "IPv6" ? " nodad" : ""}`,
          `route replace default via ${via} dev cust table ${table}`,
          `route replace unreachable ${all} metric 4278198272 table ${table}`,
        ];
      }),
    ];
  }

  /** Whether the customer gets an answer from the host's address in the VRF. */
  async answers(family: Family): Promise<boolean> {
    const [address] = network[family].host.split("/");
    return (await this.customer.run(["ping", "-n", "-c1", "-W1", address])).code === 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.customer[Symbol.asyncDispose]();
  }
}

const network: Record<Family, { host: string; guest: string; via: string; all: string }> = {
  IPv4: { host: "172.31.7.1/24", guest: "172.31.7.2/24", via: "172.31.7.2", all: "0.0.0.0/0" },
  IPv6: { host: "2001:db8:f7::1/64", guest: "2001:db8:f7::2/64", via: "2001:db8:f7::2", all: "::/0" },
};
