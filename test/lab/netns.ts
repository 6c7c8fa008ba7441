// One network namespace and what runs in it.

import type { Family } from "./addressing.ts";
import { must, Process, type Result, run, type RunOptions } from "./process.ts";

/** A named network namespace; disposing of it ends what still runs in it and removes it. */
export class Namespace implements AsyncDisposable {
  readonly #processes: Process[] = [];

  private constructor(readonly name: string) {}

  /** Creates several at once, named after their labels and unlike any other's. */
  static async create(labels: string[]): Promise<Namespace[]> {
    const suffix = crypto.randomUUID().slice(0, 8);
    const names = labels.map((label) => `${label}-${suffix}`);
    await batch([], names.map((name) => `netns add ${name}`));
    return names.map((name) => new Namespace(name));
  }

  /** Runs `ip ARGUMENTS` in here, which has to succeed, and gives what it printed. */
  ip(args: string): Promise<string> {
    return must(["ip", "-n", this.name, ...words(args)]);
  }

  /** Runs many `ip` commands in one go; rules of IPv6 need its family said. */
  async batch(lines: string[], family: Family = "IPv4"): Promise<void> {
    const options = ["-n", this.name];
    if (family === "IPv6") options.push("-6");
    await batch(options, lines);
  }

  /** Runs many `ip` commands in one go, whatever comes of each, and gives what went wrong. */
  async attempt(options: string[], lines: string[]): Promise<string> {
    const command = ["ip", "-n", this.name, ...options, "-force", "-batch", "-"];
    return (await run(command, { stdin: lines.join("\n") + "\n" })).stderr;
  }

  /** Runs many `ip` commands in one go, which all have to succeed, and gives what they printed. */
  query(options: string[], lines: string[]): Promise<string> {
    return must(["ip", "-n", this.name, ...options, "-batch", "-"], { stdin: lines.join("\n") + "\n" });
  }

  /** Loads an nftables ruleset. */
  async nft(ruleset: string): Promise<void> {
    await this.must(["nft", "-f", "-"], { stdin: ruleset });
  }

  /** Writes kernel settings, by their path below /proc/sys/net. */
  async sysctl(settings: Record<string, string | number>): Promise<void> {
    const writes = Object.entries(settings).map(([path, value]) => `echo ${value} >/proc/sys/net/${path}`);
    await this.must(["sh", "-ec", writes.join("\n")]);
  }

  /** Runs a program in here to its end. */
  run(command: string[], options: RunOptions = {}): Promise<Result> {
    return run(this.#inside(command, options), { stdin: options.stdin });
  }

  /** Runs a program in here that has to succeed, and gives what it printed. */
  must(command: string[], options: RunOptions = {}): Promise<string> {
    return must(this.#inside(command, options), { stdin: options.stdin });
  }

  /** Starts a program in here that runs beside the test. */
  spawn(command: string[], options: RunOptions = {}): Process {
    const process = new Process(this.#inside(command, options), { group: options.group });
    this.#processes.push(process);
    return process;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((process) => process[Symbol.asyncDispose]()));
    await must(["ip", "netns", "delete", this.name]);
  }

  /** The environment is for the program alone, not for the `ip` that starts it. */
  #inside(command: string[], { env = {} }: RunOptions): string[] {
    const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const setting = assignments.length > 0 ? ["env", ...assignments] : [];
    return ["ip", "netns", "exec", this.name, ...setting, ...command];
  }
}

/** Runs many `ip` commands in one go, in the namespace that the options name. */
export async function batch(options: string[], lines: string[]): Promise<void> {
  await must(["ip", ...options, "-batch", "-"], { stdin: lines.join("\n") + "\n" });
}

/** The words of a command line that needs no quoting. */
export function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
