// TCP connections that stay: each is made by a program of its own, that keeps its end open and can be asked whether it lives.

import type { Namespace } from "./netns.ts";
import type { Process } from "./process.ts";

const holder = new URL("./holder.ts", import.meta.url).pathname;

/** Starts what keeps a host's ends open. */
export async function holdAll(host: Namespace): Promise<void> {
  await host.spawn([Deno.execPath(), "run", "-A", "--no-config", holder]).line(/listening/);
}

/** Asked by a signal, it sends a line by its connection, and tells whether that comes back within two seconds. */
const ASK = `
exec 3<>"/dev/tcp/$1/8081" || exit
trap 'echo hello >&3; read -r -t 2 <&3 && echo answered || echo silent' USR1
echo held
while sleep 0.05; do :; done
`;

/** Connects to it; when this returns, the connection is established. */
export async function hold(from: Namespace, address: string): Promise<Process> {
  const process = from.spawn(["bash", "-c", ASK, "bash", address]);
  await process.line(/held/);
  return process;
}

/** Whether what is sent by the connection is answered. */
export async function isAlive(held: Process): Promise<boolean> {
  const from = held.lines.length;
  held.signal("SIGUSR1");
  return (await held.line(/answered|silent/, { from })).text === "answered";
}
