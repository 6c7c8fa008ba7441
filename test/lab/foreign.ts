// All that a host has, to the letter, so that what is not symrouted's can be compared with what it was.

import { client, families, flag } from "./addressing.ts";
import type { Namespace } from "./netns.ts";
import { lines } from "./observe.ts";
import { eventually, pause } from "./process.ts";

/** The rules of symrouted's, as `ip -details -Numeric rule` prints them, and the routes of its tables. */
const ours = [/^27200:\tfrom \S+ lookup \d{4} proto 115$/, / table 100[2-9]\b/];

/** Every rule in its order, every route of every table, addresses, next hop objects, nftables and kernel settings. */
export async function wholeState(host: Namespace): Promise<string[]> {
  const commands = [
    ...families.map((family) => `ip -details -Numeric ${flag(family)} rule show`),
    "ip -details -Numeric -oneline -4 route show table all",
    // Equal routes of several links have no order but that in which the links came up.
    "ip -details -Numeric -oneline -6 route show table all | sort",
    "ip -details -Numeric -oneline address show",
    "ip -Numeric nexthop show",
    "nft --numeric list ruleset",
    // Some can only be written.
    "grep -rs . /proc/sys/net/ipv4 /proc/sys/net/ipv6 || [ $? = 2 ]",
  ];
  return lines(await host.must(["sh", "-ec", commands.join("\necho --\n")]));
}

/** The same without what is symrouted's; tables that it must not take are named. */
export async function foreignState(
  host: Namespace,
  { notOurs = [] }: { notOurs?: readonly number[] } = {},
): Promise<string[]> {
  const theirs = notOurs.map((table) => new RegExp(`(table|lookup) ${table}\\b`));
  const isOurs = (line: string) => ours.some((pattern) => pattern.test(line));
  return (await wholeState(host)).filter((line) =>
    !isOurs(line) || theirs.some((pattern) => pattern.test(line))
  );
}

/** Awaits that nothing of it changes any more, as new links do by themselves for a while. */
export function settledState(host: Namespace): Promise<string[]> {
  return eventually(async () => {
    const before = await wholeState(host);
    await pause(100);
    const after = await wholeState(host);
    if (before.join("\n") !== after.join("\n")) throw new Error("the host does not come to rest");
    return after;
  });
}

/** Marks that other programs give: none is ours, and none may lead elsewhere because of us. */
const marks = [
  "0",
  "51820",
  "0x80000",
  "0x1bd00",
  "0x6d6f6c65",
  "0xcb3e",
  "0x80",
  "0x200",
  "0xa00",
  "0x100",
  "0x3d00",
];

/** Where the kernel sends what has no source of ours, as `ip route get` tells. */
export async function ways(
  host: Namespace,
  probes: Partial<Record<typeof families[number], string[]>> = {},
): Promise<string[]> {
  const answers = await Promise.all(families.map(async (family) => {
    const asked = [...marks.map((mark) => `${client[family]} mark ${mark}`), ...probes[family] ?? []];
    const stdin = asked.map((arguments_) => `route get ${arguments_}\n`).join("");
    const { stdout, stderr } = await host.run(["ip", flag(family), "-force", "-batch", "-"], { stdin });
    // The same way by a table of ours is the same way.
    return lines(stdout + stderr).map((line) => line.replace(/ table \d+/, ""));
  }));
  return answers.flat();
}
