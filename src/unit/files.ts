/** Several files that are written, replaced or removed together, or not at all; with modes that the umask has a say in. */

import { EXIT, Failure } from "../status.ts";

/** So many bytes of a file are copied at once. */
const CHUNK = 1 << 20;

/** One change that has been prepared: what is to be at `path`, if anything, lies beside it already. */
interface Step {
  readonly path: string;
  /** Where the new one lies; undefined where there is to be none. */
  readonly fresh?: string;
  /** Where the old one is kept until all is done. */
  readonly old: string;
  existed?: boolean;
  isDone?: boolean;
}

export class FileChanges {
  readonly #steps: Step[] = [];
  readonly #folders: string[] = [];

  /** Prepares a file with these contents: a text, or a copy of a file. */
  async write(path: string, from: { text: string } | { file: string }, mode: number): Promise<string> {
    return await this.#prepare(path, async (fresh) => {
      // A link that somebody else has put there meanwhile is not followed.
      using to = await Deno.open(fresh, { write: true, createNew: true, mode });
      if ("file" in from) await copy(from.file, to);
      else await writeAll(to, new TextEncoder().encode(from.text));
      await to.sync();
    });
  }

  async link(path: string, target: string): Promise<void> {
    await this.#prepare(path, (fresh) => Deno.symlink(target, fresh));
  }

  /** Prepares to remove a file; throws where that could not be done. */
  async remove(path: string): Promise<void> {
    // What could be written in its place could be removed.
    const fresh = await this.#prepare(path, (fresh) => Deno.writeTextFile(fresh, "", { createNew: true }));
    await attempt(path, () => Deno.remove(fresh));
    const { old } = this.#steps.pop()!;
    this.#steps.push({ path, old });
  }

  /** Makes a folder and those above it where they are missing. */
  async folder(path: string): Promise<void> {
    const missing: string[] = [];
    for (let one = path; one && !await lookAt(one); one = folderOf(one)) missing.unshift(one);
    for (const one of missing) {
      await attempt(one, () => Deno.mkdir(one, { mode: 0o755 }));
      this.#folders.unshift(one);
    }
  }

  /** Does all that was prepared. Where it throws, `undo` puts everything back. */
  async commit(): Promise<void> {
    for (const step of this.#steps) {
      await attempt(step.path, async () => {
        step.existed = await lookAt(step.path) !== undefined;
        if (step.existed && step.fresh) await Deno.link(step.path, step.old);
        else if (step.existed) await Deno.rename(step.path, step.old);
        step.isDone = true;
        if (step.fresh) await Deno.rename(step.fresh, step.path);
      });
    }
    for (const folder of new Set(this.#steps.map(({ path }) => folderOf(path) || "/"))) {
      await attempt(folder, () => sync(folder));
    }
  }

  /** Puts back what was there before, and takes away what was prepared; once. Gives in words what of it failed. */
  async undo(): Promise<string[]> {
    const failed = await eachOf(this.#steps.splice(0).toReversed().map((step) => () => putBack(step)));
    // What others have put into them meanwhile is theirs.
    await eachOf(this.#folders.splice(0).map((folder) => () => Deno.remove(folder)));
    return failed;
  }

  /** Gives up what was kept to be put back; gives in words what of it is left. */
  finish(): Promise<string[]> {
    return eachOf(this.#steps.map(({ old }) => () => attempt(old, () => discard(old), "removed")));
  }

  /** The new file is made beside the old one: only there can it take its place in one step. */
  async #prepare(path: string, make: (fresh: string) => Promise<void>): Promise<string> {
    const beside = `${folderOf(path)}/.${path.slice(path.lastIndexOf("/") + 1)}`;
    const step = { path, fresh: `${beside}.new`, old: `${beside}.old` };
    await attempt(path, async () => {
      // Left by a run that was killed.
      for (const left of [step.fresh, step.old]) await discard(left);
      this.#steps.push(step);
      await make(step.fresh);
    });
    return step.fresh;
  }
}

async function copy(path: string, to: Deno.FsFile): Promise<void> {
  using from = await Deno.open(path);
  const bytes = new Uint8Array(CHUNK);
  for (let count; (count = await from.read(bytes)) !== null;) await writeAll(to, bytes.subarray(0, count));
}

async function writeAll(to: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await to.write(rest));
}

/** Does each of these in turn, whatever becomes of the others; gives in words what failed. */
export async function eachOf(actions: readonly (() => Promise<unknown>)[]): Promise<string[]> {
  const failed: string[] = [];
  for (const action of actions) {
    try {
      await action();
    } catch (error) {
      failed.push(reasonOf(error));
    }
  }
  return failed;
}

async function putBack({ path, fresh, old, existed, isDone }: Step): Promise<void> {
  await attempt(path, async () => {
    if (fresh) await discard(fresh);
    if (isDone && existed) await Deno.rename(old, path);
    else if (isDone) await discard(path);
    await discard(old);
  }, "put back");
}

/** Does something with a file; what goes wrong is told in one line. */
async function attempt<T>(path: string, action: () => Promise<T>, what = "written"): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(EXIT.failed, `${path} cannot be ${what}`, await reasonFor(error, path));
  }
}

async function reasonFor(error: unknown, path: string): Promise<string> {
  const folder = folderOf(path);
  if (!await Deno.stat(folder).catch(() => undefined)) return `there is no folder ${folder}`;
  return reasonOf(error);
}

/** The system's own words of Deno's message. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(os error \d+\).*$/s, "");
}

/** What is at a path, links not followed; undefined where nothing is. */
export async function lookAt(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

async function discard(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Waits until a file, or a folder's entries, are on the disk. */
async function sync(path: string): Promise<void> {
  using file = await Deno.open(path);
  await file.sync();
}

/** The folder of an absolute path; "" for the root folder. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
