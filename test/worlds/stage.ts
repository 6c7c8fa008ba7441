// Where a script is played: the host, a twin of it on which the program never runs, and the world outside.
//
// The host's cables and the twin's end in one namespace; the client there reaches each address of the host by the cable
// of the interface that has it, and takes a reply from no other: what leaves by the wrong uplink is lost, and seen to be.

import { client, families, type Family } from "../lab/addressing.ts";
import { Namespace } from "../lab/netns.ts";
import { quiet } from "../lab/world.ts";
import type { Event, Lines } from "./script.ts";
import { isAnyIp, type Shown } from "./shown.ts";

/** The names of the far ends of the host's cables and of the twin's begin so. */
const FAR = { host: "up", twin: "tw" } as const;

/** Neighbours may be asked for by any cable; all else has to come by the one that leads back to its source. */
const STRICT = `
table inet strict {
  chain arrival {
    type filter hook prerouting priority raw; policy accept;
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    fib saddr . iif oif missing counter drop
  }
}
`;

/** The gateways that answer behind cable N. */
export const gateways: Record<Family, (cable: number) => string[]> = {
  IPv4: (cable) => [`10.${cable}.0.1`, `10.${cable}.0.9`],
  IPv6: (cable) => [`2001:db8:${cable}::1`, "fe80::1", "fe80::9"],
};

export class Stage implements AsyncDisposable {
  private constructor(readonly host: Namespace, readonly twin: Namespace, readonly outside: Namespace) {}

  static async build(): Promise<Stage> {
    const [host, twin, outside] = await Namespace.create(["host", "twin", "outside"]);
    const stage = new Stage(host, twin, outside);
    await Promise.all([
      ...[host, twin].map((each) => each.sysctl(quiet).then(() => each.ip("link set lo up"))),
      outside.sysctl({ ...quiet, "ipv4/conf/all/rp_filter": 1, "ipv4/conf/default/rp_filter": 1 }),
      outside.nft(STRICT),
      outside.batch([
        "link set lo up",
        ...families.map((family) => `address add ${client[family]} dev lo`),
      ]),
    ]);
    return stage;
  }

  /** Plays an event, on host and twin alike; gives what `ip` complained of. */
  async play(event: Exclude<Event, { on: "program" }>): Promise<string> {
    if (event.on === "settings") {
      await Promise.all([this.host, this.twin].map((each) => each.sysctl(event.settings)));
      return "";
    }
    const of = (whose: keyof typeof FAR) =>
      event.lines.map((line) => line.replaceAll("PEER", FAR[whose]).replaceAll("OUTSIDE", this.outside.name));
    if (event.on === "outside") return await attempt(this.outside, [...of("host"), ...of("twin")]);
    const [complaints] = await Promise.all([
      attempt(this.host, of("host")),
      attempt(this.twin, of("twin")),
    ]);
    return complaints;
  }

  /** Lets the client know which cable leads to which address. Who owns what is the host's to say. */
  async connect(shown: Shown): Promise<void> {
    const cables = new Map(shown.links.map((link) => [link.ifname, cableOf(shown, link.ifname)]));
    const lines = shown.addresses.flatMap(({ ifname, addr_info }) => {
      const cable = cables.get(ifname);
      if (cable === undefined) return [];
      const own = families.flatMap((family) =>
        gateways[family](cable).map((ip) =>
          `address replace ${ip}/${family === "IPv4" ? 16 : 64} dev up${cable}${
            family === "IPv6" ? " nodad" : ""
          }`
        )
      );
      const anyIps = families.flatMap((family) =>
        shown.routes[family].filter((route) => route.dev === ifname && isAnyIp(route)).map(({ dst }) => dst)
      );
      const addresses = addr_info.filter(({ scope }) => scope === "global").map(({ local }) => local);
      const ways = [...addresses, ...anyIps].map((ip) => {
        // In IPv6 a host tells its neighbours of its addresses alone.
        const via = anyIps.includes(ip) && ip.includes(":") ? `via ${linkLocal(cable)} ` : "";
        return `route replace ${ip} ${via}dev up${cable} src ${client[ip.includes(":") ? "IPv6" : "IPv4"]}`;
      });
      return [...own, ...ways];
    });
    await attempt(this.outside, lines);
  }

  /** Those of the addresses that do not answer the client. */
  async silent(addresses: readonly string[]): Promise<string[]> {
    if (addresses.length === 0) return [];
    const script = 'for ip; do ping -n -q -c1 -W1 "$ip" >/dev/null || echo "$ip" & done; wait';
    const text = await this.outside.must(["sh", "-c", script, "sh", ...addresses]);
    return text.split("\n").filter((line) => line !== "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [this.host, this.twin, this.outside]) await each[Symbol.asyncDispose]();
  }
}

/** The number of the cable that ends in an interface of the host: its hardware address tells. */
export function cableOf({ links }: Shown, ifname: string): number | undefined {
  const link = links.find((one) => one.ifname === ifname);
  const [, cable] = /^02:00:00:00:(..):01$/.exec(link?.address ?? "") ?? [];
  return cable === undefined ? undefined : parseInt(cable, 16);
}

/** The link-local address that the host's end of a cable has by its hardware address. */
function linkLocal(cable: number): string {
  return `fe80::ff:fe00:${cable.toString(16)}01`;
}

/** Runs lines in their order, those of one family in one go. */
async function attempt(where: Namespace, lines: Lines): Promise<string> {
  const said: string[] = [];
  for (let from = 0, to = 0; from < lines.length; from = to) {
    const [flag] = /^-[46]/.exec(lines[from]) ?? [];
    while (to < lines.length && /^-[46]/.exec(lines[to])?.[0] === flag) to++;
    const batch = lines.slice(from, to).map((line) => line.replace(/^-[46] /, ""));
    said.push(await where.attempt(flag ? [flag] : [], batch));
  }
  return said.join("");
}
