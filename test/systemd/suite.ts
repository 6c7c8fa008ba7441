// How a folder of tests is run that boot machines with a systemd of their own: in namespaces, with what they are made of.

import { canIsolate, isIsolated, isolate } from "../lab/isolation.ts";
import { cacheDependencies, deno, offline } from "../lab/offline.ts";
import { must, run } from "../lab/process.ts";
import { setup } from "../setup.ts";
import { Machine, type Release, releases, variables } from "./machine.ts";
import { archives } from "./root.ts";

/** Such a folder; its `run.ts` does nothing but call `runWithMachines` with it. */
export interface Suite {
  /** Its path. */
  folder: string;
  /** Makes what else its tests need, where they are not all skipped; gives the variables that tell them of it. */
  before?: () => Promise<Record<string, string>>;
}

/** Runs `deno test` over the folder with this program's arguments, and gives the exit status. */
export function runWithMachines(suite: Suite): Promise<number> {
  return isIsolated() ? inside(suite) : outside(suite);
}

/** Gets everything ready and runs the folder's `run.ts` again in namespaces of its own. */
async function outside({ folder, before }: Suite): Promise<number> {
  await setup("test");
  Deno.chdir(new URL("../..", import.meta.url).pathname);
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
    name.endsWith("_test.ts")
  );
  await cacheDependencies(["src/main.ts", ...files.map((name) => `${folder}/${name}`)]);
  if (!await canIsolate()) {
    for (const release of releases) {
      Deno.env.set(variables.reason(release), "no namespaces can be made here");
    }
    return await test(folder);
  }
  const env = await before?.();
  const made = Object.fromEntries(
    [...await archives()].map(([release, archive]) =>
      "path" in archive
        ? [variables.root(release), archive.path]
        : [variables.reason(release), archive.reason]
    ),
  );
  const command = [Deno.execPath(), "run", "-A", "--no-prompt", "--cached-only", `${folder}/run.ts`];
  return await isolate([...command, ...Deno.args], { ...await offline(), ...env, ...made });
}

/** Unpacks the root file systems, tries them, runs the tests, and takes away what outlives the namespaces. */
async function inside({ folder }: Suite): Promise<number> {
  const groups = "/run/groups", group = `${groups}/symrouted-${crypto.randomUUID()}`;
  await Deno.mkdir(groups);
  const mounted = await run(["mount", "-t", "cgroup2", "cgroup2", groups]);
  await Deno.mkdir(group);
  Deno.env.set(variables.group, group);
  await Promise.all(
    releases.filter((release) => Deno.env.has(variables.root(release))).map(async (release) => {
      try {
        if (mounted.code !== 0) throw new Error(mounted.stderr);
        await unpack(release);
        await using _machine = await Machine.boot({ release });
      } catch (error) {
        const reason = `no machine boots here: ${(error as Error).message.split("\n")[0]}`;
        Deno.env.set(variables.reason(release), reason);
      }
    }),
  );
  try {
    return await test(folder);
  } finally {
    await run(["find", group, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
  }
}

/** From here on the variable names the root file system instead of the archive. */
async function unpack(release: Release): Promise<void> {
  const root = `/run/root-${release}`, archive = Deno.env.get(variables.root(release))!;
  await Deno.mkdir(root);
  await must(["tar", "-C", root, "-xpzf", archive]);
  Deno.env.set(variables.root(release), root);
}

/** Runs the tests of the folder, unless the arguments name some. */
async function test(folder: string): Promise<number> {
  const selected = Deno.args.some((each) => each.endsWith(".ts")) ? Deno.args : [...Deno.args, folder];
  // They wait more than they work.
  if (!Deno.env.has("DENO_JOBS")) Deno.env.set("DENO_JOBS", `${2 * navigator.hardwareConcurrency}`);
  const { code } = await deno(["test", "-A", "--no-prompt", "--cached-only", "--parallel", ...selected]);
  return code;
}
