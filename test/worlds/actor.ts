// The program in a world: started, killed, held up and started again as the script says.

import assert from "node:assert/strict";
import type { Namespace } from "../lab/netns.ts";
import { eventually, type Process, type Result } from "../lab/process.ts";
import type { Order } from "./script.ts";

const wrapper = new URL("./program.ts", import.meta.url).pathname;

/** What a process holds of the machine. */
interface Holdings {
  readonly handles: string;
  readonly descriptors: number;
}

const READY = /^symrouted: ready: /;
/** An idle daemon of Deno's has some 60 MiB; what it does not give back shows far above. */
const MOST_MEMORY = 250_000;

export class Actor {
  readonly #host: Namespace;
  #flags: readonly string[];
  #process?: Process;
  #held?: Holdings;
  /** What all of its processes said. */
  readonly #said: string[] = [];

  constructor(host: Namespace, flags: readonly string[]) {
    this.#host = host;
    this.#flags = flags;
  }

  get flags(): readonly string[] {
    return this.#flags;
  }

  get said(): string {
    const now = this.#process?.lines.map(({ text }) => text) ?? [];
    return [...this.#said, ...now].join("\n");
  }

  /** Does as it is told; an order that makes no sense as things are is none. */
  async obey(order: Order, flags?: readonly string[]): Promise<void> {
    switch (order) {
      case "start":
        this.#flags = flags ?? this.#flags;
        return this.#start();
      case "kill":
        return await this.#end("SIGKILL");
      case "terminate":
        return await this.#end("SIGTERM");
      case "pause":
        return this.#process?.signal("SIGSTOP");
      case "resume":
        return this.#process?.signal("SIGCONT");
      case "once":
        if (!this.#process) await this.run(["--once"]);
    }
  }

  #start(): void {
    this.#process ??= this.#host.spawn([...this.#command, ...this.#flags]);
  }

  get #command(): string[] {
    return [Deno.execPath(), "run", "-A", "--cached-only", "--no-prompt", wrapper];
  }

  async #end(signal: Deno.Signal): Promise<void> {
    const process = this.#process;
    if (!process) return;
    process.signal("SIGCONT");
    await process.stop(signal);
    this.#said.push(...process.lines.map(({ text }) => text), `(${signal})`);
    this.#process = undefined;
  }

  /** Runs the program to its end, with its options and these. */
  async run(args: readonly string[]): Promise<Result> {
    const result = await this.#host.run([...this.#command, ...this.#flags, ...args]);
    if (!args.includes("--dry-run")) {
      this.#said.push(`(${args.join(" ")}: exit ${result.code})`, result.stderr.trimEnd());
    }
    return result;
  }

  /** Awaits that the daemon is ready, and takes down what it holds then. */
  async ready(): Promise<void> {
    this.#process?.signal("SIGCONT");
    this.#start();
    await this.#process!.line(READY, { within: 20_000 });
    this.#held ??= await this.#holdings();
  }

  /** That the daemon is there and holds no more than it did when it was first ready. */
  async assertWhole(): Promise<void> {
    const now = await this.#holdings();
    assert.deepEqual(now, this.#held, "what the daemon holds");
    const status = await Deno.readTextFile(`/proc/${this.#process!.pid}/status`);
    const resident = Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]);
    assert.ok(resident < MOST_MEMORY, `the daemon has grown to ${resident} KiB`);
  }

  async #holdings(): Promise<Holdings> {
    const process = this.#process!;
    const from = process.lines.length;
    process.signal("SIGUSR2");
    const { text: handles } = await process.line(/^handles: /, { from, within: 20_000 });
    const descriptors = await eventually(() => [...Deno.readDirSync(`/proc/${process.pid}/fd`)].length);
    return { handles, descriptors };
  }
}
