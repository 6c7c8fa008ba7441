// The addresses of the test world. The first two uplinks are the example that every user has seen.

/** The two address families, under the names that tests are reported by. */
export const families = ["IPv4", "IPv6"] as const;
export type Family = typeof families[number];

/** One uplink's addresses in one family. */
export interface Side {
  /** The host's address. */
  address: string;
  /** The on-link prefix and its length. */
  prefix: string;
  length: number;
  /** The router's address in that prefix. */
  gateway: string;
  /** Addresses of the link between router and client. */
  near: string;
  far: string;
  transit: number;
}

/** The client, behind all routers. */
export const client: Record<Family, string> = { IPv4: "203.0.113.9", IPv6: "2001:db8:c::9" };

/** The client's own prefix, as the routers see it. */
export const clientPrefix: Record<Family, string> = { IPv4: "203.0.113.0/24", IPv6: "2001:db8:c::/64" };

const examples = [{ base: "10.0.0", length: 16 }, { base: "192.168.0", length: 24 }];

/** `-4` or `-6`, as `ip` wants it. */
export function flag(family: Family): string {
  return family === "IPv4" ? "-4" : "-6";
}

/** The metric of an uplink's routes in main: the first uplink's is the best. */
export function metric(number: number): number {
  return 104 + number;
}

/** The addresses of uplink 1, 2, 3 … */
export function side(number: number, family: Family): Side {
  return family === "IPv4" ? ipv4(number) : ipv6(number);
}

function ipv4(number: number): Side {
  const { base, length } = examples[number - 1] ?? { base: `172.${16 + number}.0`, length: 24 };
  return {
    address: `${base}.2`,
    prefix: `${base}.0/${length}`,
    length,
    gateway: `${base}.1`,
    near: `100.64.${number}.1`,
    far: `100.64.${number}.2`,
    transit: 30,
  };
}

function ipv6(number: number): Side {
  return {
    address: `2001:db8:${number}::2`,
    prefix: `2001:db8:${number}::/64`,
    length: 64,
    gateway: `2001:db8:${number}::1`,
    near: `2001:db8:ffff:${number}::1`,
    far: `2001:db8:ffff:${number}::2`,
    transit: 64,
  };
}
