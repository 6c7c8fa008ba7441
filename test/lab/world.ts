// The world around the program: a host with several uplinks, behind each of them a router that is a stateful
// firewall, and behind all routers one client that reaches each uplink's address by that uplink's router only.

import { client, clientPrefix, families, type Family, metric, type Side, side } from "./addressing.ts";
import { lay, type Make } from "./cables.ts";
import { batch, Namespace } from "./netns.ts";
import { eventually, type Process } from "./process.ts";

/** How a world differs from the usual one. */
export interface WorldOptions {
  /** How many uplinks, em1 … emN; 2 unless told. */
  uplinks?: number;
  /** Uplinks by number that are up but have neither address nor default route; none unless told. */
  bare?: number[];
  /** What uplinks are made of, by their number; each is one end of a cable unless told. */
  made?: Record<number, Make>;
  /** rp_filter on the host; 0 unless told. */
  rpFilter?: 0 | 1 | 2;
}

/** One uplink of the host. */
export interface Uplink {
  number: number;
  device: string;
  index: number;
  /** The interface table that symrouted uses for it with the usual base. */
  table: number;
  metric: number;
  router: Namespace;
  IPv4: Side;
  IPv6: Side;
}

/** From the client to the host anything new may enter; from the host only what belongs to it passes. */
const firewall = `
table inet firewall {
  chain forward {
    type filter hook forward priority 0; policy drop;
    iifname "client" accept
    ct state established,related accept
  }
}
`;

/** Duplicate address detection only takes time here; advertisements are for the tests that send them. */
export const quiet = {
  "ipv6/conf/all/accept_dad": 0,
  "ipv6/conf/default/accept_dad": 0,
  "ipv6/conf/default/dad_transmits": 0,
  "ipv6/conf/default/accept_ra": 0,
  "ipv6/conf/default/router_solicitations": 0,
};

/** What makes a router. */
export const forwarding = { "ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1 };

/** The world; disposing of it removes all of it. */
export class World implements AsyncDisposable {
  readonly uplinks: Uplink[] = [];
  #service?: Process;

  private constructor(readonly host: Namespace, readonly client: Namespace, readonly options: WorldOptions) {}

  /** Builds it; when this returns, all links have carrier and all addresses can be used. */
  static async build(options: WorldOptions = {}): Promise<World> {
    const [host, client] = await Namespace.create(["host", "client"]);
    const world = new World(host, client, options);
    const rpFilter = options.rpFilter ?? 0;
    const filter = { "ipv4/conf/all/rp_filter": rpFilter, "ipv4/conf/default/rp_filter": rpFilter };
    await Promise.all([host.sysctl({ ...quiet, ...filter }), client.sysctl(quiet)]);
    await Promise.all([host.ip("link set lo up"), client.batch(clientLines())]);
    const numbers = Array.from({ length: options.uplinks ?? 2 }, (_, position) => position + 1);
    world.uplinks.push(...await Promise.all(numbers.map((number) => world.#cable(number, host))));
    await world.#configureHost();
    return world;
  }

  /** The uplink of that number: `uplink(2)` is em2. */
  uplink(number: number): Uplink {
    return this.uplinks[number - 1];
  }

  /** One more uplink with its router; its device is not in the host yet but waits in the router's namespace. */
  async prepare(number: number): Promise<Uplink> {
    const uplink = await this.#cable(number);
    this.uplinks.push(uplink);
    return uplink;
  }

  /** Starts the service on the host that a client can connect to, on all addresses. */
  async serve(): Promise<void> {
    this.#service ??= this.host.spawn([Deno.execPath(), "run", "-A", "--no-config", servicePath]);
    await this.#service.line(/listening/);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const routers = this.uplinks.map((uplink) => uplink.router);
    await Promise.all([this.host, this.client, ...routers].map((each) => each[Symbol.asyncDispose]()));
  }

  /** Lays the cables from host to router to client, and configures all but the host. */
  async #cable(number: number, owner?: Namespace): Promise<Uplink> {
    const [router] = await Namespace.create([`router${number}`]);
    await router.sysctl({ ...quiet, ...forwarding });
    const uplink = describe(number, router);
    await lay(uplink, owner ?? router, this.options.made?.[number]);
    await batch([], [
      `link add name up${number} netns ${this.client.name} type veth peer name client netns ${router.name}`,
    ]);
    await Promise.all([
      router.batch(routerLines(uplink)),
      router.nft(firewall),
      this.client.batch(clientUplinkLines(uplink)),
    ]);
    return uplink;
  }

  async #configureHost(): Promise<void> {
    const bare = this.options.bare ?? [];
    await this.host.batch(this.uplinks.flatMap((uplink) => [
      `link set ${uplink.device} up`,
      ...(bare.includes(uplink.number) ? [] : hostLines(uplink)),
    ]));
    await eventually(async () => {
      const links = await this.host.ip("-o link show up");
      if (/NO-CARRIER|LOWERLAYERDOWN/.test(links)) throw new Error(`no carrier yet:\n${links}`);
      const local = (await this.host.ip("-o -6 address show scope link -tentative")).match(/fe80:/g) ?? [];
      if (local.length < this.uplinks.length) throw new Error("no link-local addresses yet");
    });
  }
}

/** What configures an uplink's addresses and default routes on the host, as `ip` commands. */
export function hostLines(uplink: Uplink, options: { families?: readonly Family[] } = {}): string[] {
  const { device, metric } = uplink;
  return (options.families ?? families).flatMap((family) => {
    const { address, length, gateway } = uplink[family];
    const nodad = family === "IPv6" ? " nodad" : "";
    return [
      `address add ${address}/${length} dev ${device} metric ${metric}${nodad}`,
      `route add default via ${gateway} dev ${device} proto static metric ${metric}`,
    ];
  });
}

/** What configures the router's end of that cable, as `ip` commands. */
export function routerEndLines(uplink: Uplink): string[] {
  return [
    "link set host up",
    ...families.map((family) => {
      const { gateway, length } = uplink[family];
      return `address replace ${gateway}/${length} dev host`;
    }),
  ];
}

/** What a down link has lost besides its state: IPv4's default route, and IPv6 in all; as `ip` commands. */
export function afterDownLines(uplink: Uplink): string[] {
  const { device, metric, IPv4, IPv6 } = uplink;
  return [
    `route add default via ${IPv4.gateway} dev ${device} proto static metric ${metric}`,
    `address replace ${IPv6.address}/${IPv6.length} dev ${device} metric ${metric} nodad`,
    `route replace default via ${IPv6.gateway} dev ${device} proto static metric ${metric}`,
  ];
}

const servicePath = new URL("./service.ts", import.meta.url).pathname;

function describe(number: number, router: Namespace): Uplink {
  const index = number + 1;
  return {
    number,
    device: `em${number}`,
    index,
    table: 1000 + index,
    metric: metric(number),
    router,
    IPv4: side(number, "IPv4"),
    IPv6: side(number, "IPv6"),
  };
}

function routerLines(uplink: Uplink): string[] {
  const perFamily = families.flatMap((family) => {
    const { near, far, transit } = uplink[family];
    return [
      `address add ${near}/${transit} dev client`,
      `route add ${clientPrefix[family]} via ${far}`,
    ];
  });
  return ["link set lo up", ...routerEndLines(uplink), "link set client up", ...perFamily];
}

function clientLines(): string[] {
  return [
    "link set lo up",
    `address add ${client.IPv4}/32 dev lo`,
    `address add ${client.IPv6}/128 dev lo nodad`,
  ];
}

function clientUplinkLines(uplink: Uplink): string[] {
  const device = `up${uplink.number}`;
  const perFamily = families.flatMap((family) => {
    const { prefix, near, far, transit } = uplink[family];
    return [
      `address add ${far}/${transit} dev ${device}`,
      `route add ${prefix} via ${near} src ${client[family]}`,
    ];
  });
  return [`link set ${device} up`, ...perFamily];
}
