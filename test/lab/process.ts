// Running other programs: to their end, or beside the test with every line of their output kept.

/** How a program ended and what it said. */
export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** What a program is given apart from its arguments. */
export interface RunOptions {
  stdin?: string;
  env?: Record<string, string>;
  /** Milliseconds that it may take to its end; LIMIT unless told. */
  limit?: number;
  /** Signals go to all that it has started as well, as to a pipe or a loop of the shell's. */
  group?: boolean;
}

/** One line of a running program's output. */
export interface Line {
  text: string;
  stream: "stdout" | "stderr";
  /** When it arrived, on the clock of `performance.now()`. */
  at: number;
}

/** Messages are compared as text, so every program speaks the same language, without colours. */
const plain = { LC_ALL: "C", NO_COLOR: "1" };

/** Says how many times as long as usual everything may take, where the machine is slow. */
export const PATIENCE = "SYMROUTED_TEST_PATIENCE";
export const patience = Number(Deno.env.get(PATIENCE) ?? 1);

/** Milliseconds that a program may take; none that the tests run to its end needs so long. */
const LIMIT = 120_000 * patience;

/** Runs a program to its end. */
export async function run(command: string[], options: RunOptions = {}): Promise<Result> {
  const child = new Deno.Command(command[0], {
    args: command.slice(1),
    env: { ...plain, ...options.env },
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(options.limit ?? LIMIT),
  }).spawn();
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Runs a program that has to succeed, and gives what it printed. */
export async function must(command: string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(command, options);
  if (code !== 0) throw new Error(`${command.join(" ")}: exit ${code}: ${stderr.trim() || stdout.trim()}`);
  return stdout;
}

/** How long to wait for a condition. */
export interface Patience {
  /** Milliseconds on an ordinary machine; 5000 unless told. */
  within?: number;
  /** Milliseconds from one look to the next; 10 unless told. */
  every?: number;
  /** Says that it can no longer become true. */
  hopeless?: () => boolean;
}

/** Calls `check` until it no longer throws, and gives its result; when patience ends its error is ours. */
export async function eventually<T>(check: () => T | Promise<T>, options: Patience = {}): Promise<T> {
  const deadline = performance.now() + (options.within ?? 5000) * patience;
  for (;;) {
    const last = performance.now() > deadline || options.hopeless?.();
    try {
      return await check();
    } catch (error) {
      if (last) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, options.every ?? 10));
  }
}

/** Waits so many milliseconds: where time is what happens, not for something to happen. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A program that runs beside the test. */
export class Process implements AsyncDisposable {
  readonly lines: Line[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<number>;
  readonly #group: boolean;
  #running = true;
  #silent = false;

  constructor(readonly command: string[], options: RunOptions = {}) {
    this.#group = options.group ?? false;
    const [program, ...args] = this.#group ? ["setsid", ...command] : command;
    this.#child = new Deno.Command(program, {
      args,
      env: { ...plain, ...options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#ended = this.#collect();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The exit status, once the program has ended and all its output is in `lines`. */
  get ended(): Promise<number> {
    return this.#ended;
  }

  /** All that it has said so far. */
  get text(): string {
    return this.lines.map((line) => line.text).join("\n");
  }

  /** Awaits a line that matches, at `from` or later in the output. */
  line(pattern: RegExp, options: { within?: number; from?: number } = {}): Promise<Line> {
    return eventually(() => {
      const found = this.lines.slice(options.from ?? 0).find((line) => pattern.test(line.text));
      if (!found) throw new Error(`no line ${pattern} from ${this.command.join(" ")}:\n${this.text}`);
      return found;
    }, { ...options, hopeless: () => this.#silent });
  }

  /** Sends a signal that the program goes on after. */
  signal(signal: Deno.Signal): void {
    if (this.#group) signalGroup(this.pid, signal);
    else if (this.#running) this.#child.kill(signal);
  }

  /** Sends the signal that ends it, and gives the exit status. */
  stop(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    this.signal(signal);
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }

  async #collect(): Promise<number> {
    const [status] = await Promise.all([
      this.#child.status.finally(() => this.#running = false),
      this.#read("stdout"),
      this.#read("stderr"),
    ]);
    this.#silent = true;
    return status.code;
  }

  async #read(stream: "stdout" | "stderr"): Promise<void> {
    let rest = "";
    for await (const chunk of this.#child[stream].pipeThrough(new TextDecoderStream())) {
      const at = performance.now();
      const pieces = (rest + chunk).split("\n");
      rest = pieces.pop() ?? "";
      for (const text of pieces) this.lines.push({ text, stream, at });
    }
    if (rest) this.lines.push({ text: rest, stream, at: performance.now() });
  }
}

/** Its leader may have ended before the others. */
function signalGroup(leader: number, signal: Deno.Signal): void {
  try {
    Deno.kill(-leader, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
