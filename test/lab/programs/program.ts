// Other programs that write rules and routes, by the commands that they run or whose messages they send, with their own
// tables, priorities, marks and protocols.

import type { Family } from "../addressing.ts";
import { families, flag } from "../addressing.ts";
import type { Namespace } from "../netns.ts";

/** What one of them does, in the order of the fields. Links that stand in for others are named so. */
export interface Program {
  name: string;
  /** Below /proc/sys/net. */
  sysctl?: Record<string, number>;
  /** `ip` commands for links and next hop objects; those that are added are deleted again. */
  links?: string[];
  /** `ip` commands of one family: additions, or deletions of what was there; each is undone by its opposite. */
  IPv4: string[];
  IPv6: string[];
  /** An nftables ruleset: its tables are deleted again. */
  nft?: string;
  /** More that `ip route get` is asked, beside marked and unmarked packets to the client. */
  probes?: Partial<Record<Family, string[]>>;
}

/** A program at work; to be ended only once. */
export class Running {
  private constructor(
    readonly host: Namespace,
    readonly program: Program,
    readonly settings: Record<string, string>,
  ) {}

  static async start(host: Namespace, program: Program): Promise<Running> {
    const settings: Record<string, string> = {};
    for (const path of Object.keys(program.sysctl ?? {})) {
      settings[path] = (await host.must(["cat", `/proc/sys/net/${path}`])).trim();
    }
    await host.sysctl(program.sysctl ?? {});
    await host.batch(program.links ?? []);
    for (const family of families) await batch(host, family, program[family]);
    if (program.nft) await host.nft(program.nft);
    return new Running(host, program, settings);
  }

  async stop(): Promise<void> {
    const { host, program, settings } = this;
    const tables = [...(program.nft ?? "").matchAll(/^table (\S+ \S+)/gm)].map(([, table]) => table);
    if (tables.length > 0) await host.nft(tables.map((table) => `delete table ${table}\n`).join(""));
    for (const family of families) await batch(host, family, program[family].toReversed().map(opposite));
    await host.batch(
      (program.links ?? []).toReversed().flatMap((line) => {
        const [, object, name] = /^(link|tuntap|nexthop) add (?:name |id )?(\S+)/.exec(line) ?? [];
        if (!object) return [];
        return [object === "nexthop" ? `nexthop delete id ${name}` : `link delete ${name}`];
      }),
    );
    await host.sysctl(settings);
  }
}

async function batch(host: Namespace, family: Family, lines: readonly string[]): Promise<void> {
  await host.must(["ip", flag(family), "-batch", "-"], { stdin: lines.join("\n") + "\n" });
}

/** An addition as a deletion, and the other way round. */
function opposite(line: string): string {
  const [, object, operation, rest] = /^(\S+) (add|delete) (.*)$/.exec(line)!;
  return `${object} ${operation === "add" ? "delete" : "add"} ${rest.replace(" nodad", "")}`;
}

/** The same commands for both families, but for what `words` says of each. */
export function both(
  lines: readonly string[],
  words: Record<string, readonly [ipv4: string, ipv6: string]>,
): Record<Family, string[]> {
  const filled = (which: 0 | 1) =>
    lines.map((line) => line.replace(/\{(\w+)\}/g, (_, name: string) => words[name][which]));
  return { IPv4: filled(0), IPv6: filled(1) };
}

/** The gateways of the first two uplinks, as words for `both`. */
export const gateways = {
  via1: ["10.0.0.1", "2001:db8:1::1"],
  via2: ["192.168.0.1", "2001:db8:2::1"],
  net1: ["10.0.0.0/16", "2001:db8:1::/64"],
  net2: ["192.168.0.0/24", "2001:db8:2::/64"],
  me2: ["192.168.0.2", "2001:db8:2::2"],
} as const;

/** Several programs as one, each after the other. */
export function together(name: string, programs: readonly Program[]): Program {
  return {
    name,
    sysctl: Object.assign({}, ...programs.map(({ sysctl }) => sysctl)),
    links: programs.flatMap(({ links }) => links ?? []),
    IPv4: programs.flatMap(({ IPv4 }) => IPv4),
    IPv6: programs.flatMap(({ IPv6 }) => IPv6),
    nft: programs.map(({ nft }) => nft ?? "").join(""),
    probes: {
      IPv4: programs.flatMap(({ probes }) => probes?.IPv4 ?? []),
      IPv6: programs.flatMap(({ probes }) => probes?.IPv6 ?? []),
    },
  };
}
