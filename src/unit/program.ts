/** This very program: how it was called, to be called again with other arguments. */

import { defaultActions, execute } from "../kernel/system.ts";

/** SIGINT and SIGTERM (signal(7)). */
const ENDING = [2, 15];

/** What the kernel appends to the path of a file that has been removed, or replaced, since it was called. */
const REPLACED = / \(deleted\)$/;

export class Program {
  readonly #path: string;
  /** What precedes its own arguments: its name, or a runtime with its options and the source. */
  readonly #before: readonly string[];

  private constructor(path: string, before: readonly string[]) {
    this.#path = path;
    this.#before = before;
  }

  /**
   * The one that runs, to be found out when it starts: later another one may have its place, which is to be called then.
   * Undefined where it cannot be told how it was called.
   */
  static own(): Program | undefined {
    const words = Deno.readTextFileSync("/proc/self/cmdline").split("\0").slice(0, -1);
    const before = words.slice(0, words.length - Deno.args.length);
    const isOwn = JSON.stringify(words.slice(before.length)) === JSON.stringify(Deno.args);
    if (!isOwn || before.length === 0) return undefined;
    return new Program(pathOf(before[0]), before);
  }

  /** Replaces this process by it, with other arguments. Returns only where that fails: with the reason. */
  become(args: readonly string[]): string {
    return execute(this.#path, [...this.#before, ...args]);
  }

  /** From now on a signal ends this process at once: none is lost between the two. What is given back takes that back. */
  static exposeToSignals(): () => void {
    return defaultActions(ENDING);
  }
}

/** The path that it was called by, where that leads to it, because it may be a link that leads to a newer one later. */
function pathOf(name: string): string {
  const own = Deno.statSync("/proc/self/exe");
  try {
    const { dev, ino } = Deno.statSync(name);
    if (name.startsWith("/") && dev === own.dev && ino === own.ino) return name;
  } catch {
    // It has gone, or was never a path.
  }
  return Deno.execPath().replace(REPLACED, "");
}
