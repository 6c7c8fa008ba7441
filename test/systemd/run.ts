// `deno task test-systemd [ARGUMENTS]`: gets what machines with a systemd of their own need, and runs `deno test` over
// this folder with the arguments, in namespaces of its own.

import { canIsolate, isIsolated, isolate } from "../lab/isolation.ts";
import { cacheDependencies, deno, offline } from "../lab/offline.ts";
import { run } from "../lab/process.ts";
import { setup } from "../setup.ts";
import { variables } from "./machine.ts";
import { archive } from "./root.ts";

const folder = new URL(".", import.meta.url).pathname;

Deno.exit(isIsolated() ? await inside() : await outside());

/** Gets everything ready and runs this file again in namespaces of its own. */
async function outside(): Promise<number> {
  await setup("test");
  Deno.chdir(new URL("../..", import.meta.url).pathname);
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
    name.endsWith("_test.ts")
  );
  await cacheDependencies(["src/main.ts", ...files.map((name) => folder + name)]);
  if (!await canIsolate()) return await test({ [variables.reason]: "no namespaces can be made here" });
  const made = await archive();
  const env = "path" in made ? { [variables.root]: made.path } : { [variables.reason]: made.reason };
  const command = [Deno.execPath(), "run", "-A", "--no-prompt", "--cached-only", import.meta.filename!];
  return await isolate([...command, ...Deno.args], { ...await offline(), ...env });
}

/** Unpacks the root file system, runs the tests, and takes away what outlives the namespaces. */
async function inside(): Promise<number> {
  const archive = Deno.env.get(variables.root);
  if (archive === undefined) return await test({});
  const [root, groups, probe] = ["/run/root", "/run/groups", "/run/probe"];
  for (const path of [root, groups, probe]) await Deno.mkdir(path);
  const reason = await firstFailure({
    "the root file system cannot be unpacked": ["tar", "-C", root, "-xpzf", archive],
    "control groups (cgroup2) cannot be mounted": ["mount", "-t", "cgroup2", "cgroup2", groups],
    "overlays cannot be mounted": [
      "mount",
      "-t",
      "overlay",
      "-o",
      `lowerdir=${root}:${probe}`,
      "overlay",
      probe,
    ],
  });
  if (reason) return await test({ [variables.reason]: reason });
  const group = await Deno.makeTempDir({ dir: groups, prefix: "symrouted-" });
  try {
    return await test({ [variables.root]: root, [variables.group]: group });
  } finally {
    await run(["find", group, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
  }
}

/** Runs these commands up to the first that fails, and gives the reason that it stands for. */
async function firstFailure(commands: Record<string, string[]>): Promise<string | undefined> {
  for (const [reason, command] of Object.entries(commands)) {
    const { code, stderr } = await run(command);
    if (code !== 0) return `${reason}: ${stderr.trim()}`;
  }
}

/** Runs the tests of this folder, unless the arguments name some. */
async function test(env: Record<string, string>): Promise<number> {
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  const selected = Deno.args.some((each) => each.endsWith(".ts")) ? Deno.args : [...Deno.args, folder];
  const { code } = await deno(["test", "-A", "--no-prompt", "--cached-only", "--parallel", ...selected]);
  return code;
}
