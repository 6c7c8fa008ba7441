// The host that is measured: the namespace in which the bench itself runs, with two uplinks.

import { must } from "../lab/process.ts";

export const ROUTES = 100_000;
/** Nobody's table. */
const YARDSTICK_TABLE = 4242;

export const program = [
  ...[Deno.execPath(), "run", "-A", "--cached-only"],
  new URL("../../src/main.ts", import.meta.url).pathname,
];

/** Runs a command that has to succeed and gives its time in milliseconds. */
export async function timed(command: string[], stdin?: string): Promise<number> {
  const started = performance.now();
  await must(command, stdin === undefined ? {} : { stdin });
  return performance.now() - started;
}

export class Host {
  run(command: string[]): Promise<string> {
    return must(command);
  }

  async build(): Promise<void> {
    await must(["ip", "-batch", "-"], {
      stdin: [
        ...[
          "link add em1 index 2 type veth peer name peer1 index 12",
          "link add em2 index 3 type veth peer name peer2 index 13",
        ],
        ...["em1", "em2", "peer1", "peer2"].map((name) => `link set ${name} up`),
        "address add 10.0.0.2/16 dev em1",
        "address add 192.168.0.2/24 dev em2",
        "route add default via 10.0.0.1 dev em1 proto static metric 105",
        "route add default via 192.168.0.1 dev em2 proto static metric 106",
      ].join("\n"),
    });
  }

  async fillMain(): Promise<void> {
    await must(["ip", "-batch", "-"], { stdin: routes("") });
  }

  /** The time that `ip -batch` takes to write the same routes into a table of their own. */
  async batchTime(): Promise<number> {
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, routes(`table ${YARDSTICK_TABLE}`));
    const time = await timed(["ip", "-batch", file]);
    await Deno.remove(file);
    await must(["ip", "route", "flush", "table", String(YARDSTICK_TABLE)]);
    return time;
  }
}

function routes(rest: string): string {
  return Array.from({ length: ROUTES }, (_, i) => {
    const prefix = `${20 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/24`;
    return `route add ${prefix} via 10.0.0.1 dev em1 proto static metric 105 ${rest}`;
  }).join("\n");
}
