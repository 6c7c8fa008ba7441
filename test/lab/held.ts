// TCP connections that stay: each is made by a program of its own, that keeps its end open.

import type { Namespace } from "./netns.ts";
import type { Process } from "./process.ts";

const holder = new URL("./holder.ts", import.meta.url).pathname;

/** Starts what keeps a host's ends open. */
export async function holdAll(host: Namespace): Promise<void> {
  await host.spawn([Deno.execPath(), "run", "-A", "--no-config", holder]).line(/listening/);
}

/** Connects to it; when this returns, the connection is established. */
export async function hold(from: Namespace, address: string): Promise<Process> {
  const process = from.spawn([
    "bash",
    "-c",
    'exec 3<>"/dev/tcp/$1/8081" && echo held && sleep 600',
    "bash",
    address,
  ]);
  await process.line(/held/);
  return process;
}
