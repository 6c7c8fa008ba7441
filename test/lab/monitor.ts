// What happens in a namespace while a test looks on, and when.

import { eventually, type Line, type Process } from "./process.ts";
import type { Namespace } from "./netns.ts";

/** A destination in a table that nobody uses: its route proves that everything before it has been seen. */
const SENTINEL = "192.0.2.255 dev lo table 99";
const sentinel = /192\.0\.2\.255 dev lo table 99/;

/** What else `ip` says is about namespaces that go while it asks for the names of peers in them. */
function isEvent({ stream, text }: Line): boolean {
  return stream === "stdout" && !text.startsWith("Error: ");
}

/** One `ip monitor` over rules, routes, addresses and links. */
export class Monitor implements AsyncDisposable {
  private constructor(readonly host: Namespace, readonly process: Process) {}

  /**
   * Starts it; when this returns it hears everything. Where a storm is to be expected, `only` (an extended regular
   * expression of grep's) keeps out what nobody wants to read.
   */
  static async start(host: Namespace, { only }: { only?: string } = {}): Promise<Monitor> {
    const command = ["ip", "monitor", "link", "address", "route", "rule"];
    const filtered = `${command.join(" ")} | grep --line-buffered -E '${only}|${sentinel.source}'`;
    const process = only ? host.spawn(["sh", "-c", filtered], { group: true }) : host.spawn(command);
    const monitor = new Monitor(host, process);
    await eventually(async () => {
      await monitor.#signal();
      await process.line(sentinel, { within: 20 });
    });
    return monitor;
  }

  /** Everything that happened since the start, or since `from`. */
  async happened(options: { from?: number } = {}): Promise<string[]> {
    const from = options.from ?? 0;
    const before = this.process.lines.filter((line) => sentinel.test(line.text)).length;
    await this.#signal();
    await eventually(() => {
      const seen = this.process.lines.filter((line) => sentinel.test(line.text)).length;
      if (seen < before + 2) throw new Error("the monitor has not caught up");
    });
    return this.process.lines.slice(from).filter(isEvent).map((line) => line.text).filter((text) =>
      !sentinel.test(text)
    );
  }

  /** Where the output stands now: what comes next has this position or a later one. */
  get position(): number {
    return this.process.lines.length;
  }

  /** Awaits a line that matches. */
  line(pattern: RegExp, options: { within?: number; from?: number } = {}): Promise<Line> {
    return this.process.line(pattern, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }

  async #signal(): Promise<void> {
    await this.host.batch([`route add ${SENTINEL}`, `route delete ${SENTINEL}`]);
  }
}
