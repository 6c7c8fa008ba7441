// The program under test, run inside the host's namespace.

import { without } from "./deno.ts";
import type { Namespace } from "./netns.ts";
import type { Line, Process, Result } from "./process.ts";

const main = new URL("../../src/main.ts", import.meta.url).pathname;

/** The program as a command: the one that SYMROUTED names, or the source under the Deno that runs the tests. */
export function program(): string[] {
  const named = Deno.env.get("SYMROUTED");
  return named ? [named] : [Deno.execPath(), "run", "-A", "--cached-only", "--no-prompt", main];
}

/** How the program is run. */
export interface CallOptions {
  /** The capability that it lacks. */
  without?: string;
  /** What its environment has beside the usual: see faults.ts. */
  env?: Record<string, string>;
}

/** Runs the program to its end, as root or as root without one capability. */
export function symrouted(
  host: Namespace,
  args: string[],
  options: CallOptions = {},
): Promise<Result> {
  const { without: lacking, env } = options;
  return host.run([...lacking ? without(lacking) : [], ...program(), ...args], { env });
}

/** `symrouted --once`, which has to succeed; gives its standard output. */
export async function once(
  host: Namespace,
  args: string[] = [],
  options: CallOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await symrouted(host, ["--once", ...args], options);
  if (code !== 0) throw new Error(`symrouted --once ${args.join(" ")}: exit ${code}: ${stderr}${stdout}`);
  return stdout;
}

/** `symrouted --flush`, which has to succeed. */
export async function flush(host: Namespace): Promise<void> {
  const { code, stdout, stderr } = await symrouted(host, ["--flush"]);
  if (code !== 0) throw new Error(`symrouted --flush: exit ${code}: ${stderr}${stdout}`);
}

/** The same on a host whose main may have routes that the kernel would not take anew, and so does not take as mirrors. */
export async function onceAsFar(host: Namespace): Promise<void> {
  const { code, stdout, stderr } = await symrouted(host, ["--once"]);
  const isRefused = code === 1 && /changes? refused/.test(stdout) && /invalid gateway/.test(stderr);
  if (code !== 0 && !isRefused) throw new Error(`symrouted --once: exit ${code}: ${stderr}${stdout}`);
}

/** What the ready line says. */
export interface Ready {
  rules: number;
  routes: number;
}

/** The running daemon; disposing of it kills it. */
export class Daemon implements AsyncDisposable {
  private constructor(readonly process: Process, readonly ready: Ready) {}

  /** Starts it and awaits its ready line, for 5 seconds unless told. */
  static async start(
    host: Namespace,
    args: string[] = [],
    { env, within = 30_000 }: Pick<CallOptions, "env"> & { within?: number } = {},
  ): Promise<Daemon> {
    const process = host.spawn([...program(), ...args], { env });
    const pattern = /^symrouted: ready: (\d+) rules?, (\d+) routes? in place/;
    const { text } = await process.line(pattern, { within });
    const [, rules, routes] = pattern.exec(text)!;
    return new Daemon(process, { rules: Number(rules), routes: Number(routes) });
  }

  /** What it has said so far, on both streams. */
  get lines(): string[] {
    return this.process.lines.map((line) => line.text);
  }

  /** Awaits a line that matches. */
  line(pattern: RegExp, options: { within?: number; from?: number } = {}): Promise<Line> {
    return this.process.line(pattern, options);
  }

  /** Sends the signal and gives the exit status. */
  stop(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    return this.process.stop(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}
