// `deno task test-release [ARGUMENTS]`: makes two releases, from copies of the checkout in different folders, at different
// times and under different settings, and runs `deno test` over this folder with the arguments.

import { ARCHITECTURES, findRuntime } from "../../dist/make/runtime.ts";
import { root, Unmakeable } from "../../dist/make/tools.ts";
import { cacheDependencies, deno } from "../lab/offline.ts";
import { prepare } from "../setup.ts";
import { copyCheckout, makeRelease, variables } from "./checkout.ts";

/** Where and how a release is made, which may not be seen in its files. */
interface Surroundings {
  /** The folder of the copy. */
  readonly name: string;
  /** Words of the shell's that are run first. */
  readonly before: string;
  readonly env: Record<string, string>;
}

const SURROUNDINGS: readonly Surroundings[] = [
  { name: "a", before: "umask 022", env: { TZ: "UTC", LC_ALL: "C", LANG: "C", COLUMNS: "80" } },
  {
    name: "another place/with a longer name",
    // Other times of the files, and another second of the clock.
    before: 'find "$1" -exec touch -h -d @1000000000 {} +; sleep 3; umask 077',
    env: {
      TZ: "Pacific/Kiritimati",
      LC_ALL: "C.UTF-8",
      LANG: "tr_TR.UTF-8",
      COLUMNS: "200",
      DPKG_DEB_THREADS_MAX: "1",
    },
  },
];

const folder = await Deno.makeTempDir({ prefix: "symrouted-release-" });
try {
  Deno.exitCode = await main();
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function main(): Promise<number> {
  Deno.chdir(root);
  const reason = await prepare("package") ?? await noRuntime();
  const told = reason
    ? { [variables.reason]: reason }
    : { [variables.releases]: (await releases()).join("\n") };
  for (const [name, value] of Object.entries(told)) Deno.env.set(name, value);
  await cacheDependencies(["test/release/release_test.ts"]);
  return (await deno(["test", "-A", "--no-prompt", ...Deno.args, "test/release"])).code;
}

/** Why nothing can be compiled here. */
async function noRuntime(): Promise<string | undefined> {
  try {
    for (const architecture of ARCHITECTURES) await findRuntime(architecture);
  } catch (error) {
    if (!(error instanceof Unmakeable)) throw error;
    return error.message;
  }
}

/** Both at once; whatever keeps one from being made is a failure. */
async function releases(): Promise<string[]> {
  const made = await Promise.allSettled(SURROUNDINGS.map(releaseIn));
  return made.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}

async function releaseIn({ name, before, env }: Surroundings): Promise<string> {
  const copy = `${folder}/${name}`, temporary = `${folder}/tmp-${name.length}`;
  await Deno.mkdir(temporary);
  await copyCheckout(copy);
  // What an earlier release has left.
  for (const old of ["symrouted_1.0-1_amd64.deb", "symrouted-1.0-1.x86_64.rpm", "SHA256SUMS"]) {
    await Deno.writeTextFile(`${copy}/dist/${old}`, "old\n");
  }
  const { code, stderr } = await makeRelease(copy, { before, env: { ...env, TMPDIR: temporary } });
  if (code !== 0) throw new Error(`${copy}: ${stderr}`);
  return copy;
}
