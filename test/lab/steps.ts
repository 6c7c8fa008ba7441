// The program, one change at a time: what the kernel answers after each of them.

import assert from "node:assert/strict";
import { type Answers, Questions } from "./answers.ts";
import { type Faults, faulty, Stops } from "./faults.ts";
import type { Namespace } from "./netns.ts";
import { eventually, type Result } from "./process.ts";
import { Daemon, symrouted } from "./symrouted.ts";

/** What was asked before, between and after the changes. */
export class Steps {
  readonly #history: Answers[] = [];

  private constructor(readonly questions: Questions, readonly main: Answers, readonly before: Answers) {}

  /** Asks for the first time: before the program makes its changes. */
  static async begin(host: Namespace, options: { sources?: string[] } = {}): Promise<Steps> {
    const questions = await Questions.of(host, options.sources);
    return new Steps(questions, await questions.askMain(), await questions.ask());
  }

  /** How many changes there were. */
  get count(): number {
    return this.#history.length;
  }

  /** Asks after a change. */
  async look(): Promise<void> {
    this.#history.push(await this.questions.ask());
  }

  /**
   * Asserts that after every change each answer was the one before, main's, or the final one; `changes` are the changes in
   * words.
   */
  async assertNeverWrong(changes: readonly string[] = []): Promise<void> {
    const final = await this.questions.ask();
    const wrong = this.#history.flatMap((answers, step) =>
      answers.flatMap((answer, i) => {
        const right = [this.before[i], this.main[i], final[i]];
        if (right.includes(answer)) return [];
        return `after change ${step + 1}, ${changes[step] ?? "which is not known"}: ${
          this.questions.text(i)
        } goes ` +
          `${answer}: neither as before (${right[0]}) nor as main says (${right[1]}) nor as in the end (${
            right[2]
          })`;
      })
    );
    assert.deepEqual(wrong.slice(0, 10), [], `${wrong.length} wrong answers in ${this.count} steps`);
  }
}

/** Runs the program to its end, change by change, and asserts that no answer was ever wrong; gives how it ended. */
export async function stepThrough(
  host: Namespace,
  args: string[],
  options: { faults?: Faults; sources?: string[] } = {},
): Promise<Result & { steps: number }> {
  using stops = new Stops();
  const steps = await Steps.begin(host, options);
  const env = await faulty({ ...options.faults, step: stops.path });
  const program = symrouted(host, [...args, "--log-level", "debug"], { env });
  const result = await stops.during(program, () => steps.look());
  await steps.assertNeverWrong(changesIn(result.stderr.split("\n")));
  return { ...result, steps: steps.count };
}

/** A daemon that stands still while the world changes, and then follows it change by change. */
export class SteppedDaemon implements AsyncDisposable {
  #steps?: Steps;
  readonly #followed: Promise<unknown>;

  private constructor(
    readonly host: Namespace,
    readonly daemon: Daemon,
    readonly stops: Stops,
    readonly armed: string,
  ) {
    this.#followed = stops.during(daemon.process.ended, async () => await this.#steps?.look());
    // The failure is told of when it is asked for.
    this.#followed.catch(() => {});
  }

  /** Starts it; until it is ready it does not stop, and meets no faults. */
  static async start(host: Namespace, faults: Faults = {}): Promise<SteppedDaemon> {
    const stops = new Stops(), armed = `${stops.path}-armed`;
    const env = await faulty({ ...faults, while: armed, step: stops.path });
    const daemon = await Daemon.start(host, ["--log-level", "debug"], { env });
    return new SteppedDaemon(host, daemon, stops, armed);
  }

  /** Lets it follow that deed, and asserts that meanwhile no answer was ever wrong; gives how many changes it made. */
  async follow(deed: () => Promise<unknown>): Promise<number> {
    const from = this.daemon.lines.length;
    this.daemon.process.signal("SIGSTOP");
    await deed();
    this.#steps = await Steps.begin(this.host);
    await Deno.writeTextFile(this.armed, "");
    this.daemon.process.signal("SIGCONT");
    await eventually(() => assertAllRight(this.host), { within: 20_000 });
    await Deno.remove(this.armed);
    await this.#steps.assertNeverWrong(changesIn(this.daemon.lines.slice(from)));
    return this.#steps.count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
    this.stops[Symbol.dispose]();
    await this.#followed;
  }
}

/** Asserts that the program finds nothing to do. */
export async function assertAllRight(host: Namespace, args: string[] = []): Promise<void> {
  const { code, stdout, stderr } = await symrouted(host, ["--dry-run", ...args]);
  assert.equal(code, 0, stderr + stdout);
}

/** The changes that the program tells of with `--log-level debug`. */
function changesIn(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /^symrouted: (ip .*)/.exec(line)?.[1] ?? []);
}
