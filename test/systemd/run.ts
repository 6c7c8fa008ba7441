// `deno task test-systemd [ARGUMENTS]`: gets what machines with a systemd of their own need, and runs `deno test` over
// this folder with the arguments, in namespaces of its own.

import { compiledVariables, makeCompiled } from "../lab/compiled.ts";
import { canIsolate, isIsolated, isolate } from "../lab/isolation.ts";
import { cacheDependencies, deno, offline } from "../lab/offline.ts";
import { must, run } from "../lab/process.ts";
import { setup } from "../setup.ts";
import { Machine, variables } from "./machine.ts";
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
  if (!await canIsolate()) {
    Deno.env.set(variables.reason, "no namespaces can be made here");
    return await test();
  }
  await makeCompiled();
  const made = await archive();
  const env = "path" in made ? { [variables.root]: made.path } : { [variables.reason]: made.reason };
  const command = [Deno.execPath(), "run", "-A", "--no-prompt", "--cached-only", import.meta.filename!];
  return await isolate([...command, ...Deno.args], { ...await offline(), ...compiledVariables(), ...env });
}

/** Unpacks the root file system, tries it, runs the tests, and takes away what outlives the namespaces. */
async function inside(): Promise<number> {
  const archive = Deno.env.get(variables.root);
  if (archive === undefined) return await test();
  const [root, groups] = ["/run/root", "/run/groups"], group = `${groups}/symrouted-${crypto.randomUUID()}`;
  try {
    for (const path of [root, groups]) await Deno.mkdir(path);
    await must(["tar", "-C", root, "-xpzf", archive]);
    await must(["mount", "-t", "cgroup2", "cgroup2", groups]);
    await Deno.mkdir(group);
    Deno.env.set(variables.root, root);
    Deno.env.set(variables.group, group);
    await using _machine = await Machine.boot();
  } catch (error) {
    Deno.env.set(variables.reason, `no machine boots here: ${(error as Error).message.split("\n")[0]}`);
  }
  try {
    return await test();
  } finally {
    await run(["find", group, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
  }
}

/** Runs the tests of this folder, unless the arguments name some. */
async function test(): Promise<number> {
  const selected = Deno.args.some((each) => each.endsWith(".ts")) ? Deno.args : [...Deno.args, folder];
  const { code } = await deno(["test", "-A", "--no-prompt", "--cached-only", "--parallel", ...selected]);
  return code;
}
