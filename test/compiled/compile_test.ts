// Where the program cannot be compiled, one line says why, and what was there stays.

import assert from "node:assert/strict";
import { compiled, notCompiled } from "../lab/compiled.ts";
import { type Result, run } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";

const userCache = `${Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME")}/.cache`}/symrouted`;
const maker = new URL("../../dist/make/compile.ts", import.meta.url).pathname;

/** `deno task compile` in a world without a network and with an empty cache, or one with these texts, or this one. */
async function compile(
  args: string[],
  { cache = {}, denort, folder }: { cache?: Record<string, string>; denort?: string; folder?: string } = {},
): Promise<Result> {
  folder ??= await cacheWith(cache);
  const env = { XDG_CACHE_HOME: folder, DENORT_BIN: denort ?? "" };
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return await run(["env", ...assignments, Deno.execPath(), "run", "-A", "--cached-only", maker, ...args]);
}

async function cacheWith(texts: Record<string, string>): Promise<string> {
  const folder = await Deno.makeTempDir({ dir: "/run" });
  await Deno.mkdir(`${folder}/symrouted`);
  for (const [name, text] of Object.entries(texts)) {
    await Deno.writeTextFile(`${folder}/symrouted/${name}`, text);
  }
  return folder;
}

const before = await Deno.stat(compiled).catch(() => undefined);

/** One line that says it, and nothing else has happened. */
async function assertRefused({ code, stderr }: Result, reason: RegExp): Promise<void> {
  assert.equal(code, 1, stderr);
  assert.match(stderr, reason);
  assert.equal(stderr.trim().split("\n").length, 1, stderr);
  const now = await Deno.stat(compiled).catch(() => undefined);
  assert.deepEqual([now?.ino, now?.mtime], [before?.ino, before?.mtime]);
}

isolatedTest("compile: a machine that nothing is made for", async () => {
  await assertRefused(
    await compile(["--target", "riscv64gc-unknown-linux-gnu"]),
    /^compile: --target riscv64gc/,
  );
});

isolatedTest("compile: a runtime that is not there", async () => {
  const result = await compile([], { denort: "/nonexistent/denort" });
  await assertRefused(result, /^compile: DENORT_BIN=\/nonexistent\/denort: there is no such file$/m);
});

isolatedTest("compile: a runtime that is none", async () => {
  const result = await compile([], { folder: userCache.replace(/\/symrouted$/, ""), denort: "/bin/true" });
  await assertRefused(result, /^compile: what was compiled does not run .*: it says true /m);
}, { skip: notCompiled() });

isolatedTest("compile: no runtime is to be had from anywhere", async () => {
  const reason =
    /^compile: no runtime for .*: DENORT_BIN is not set, dl\.deno\.land is out of reach, and PyPI's .*: /;
  await assertRefused(await compile([]), reason);
});

isolatedTest("compile: a cached runtime that is another than was meant", async () => {
  const cache = { [`denort-2.6.8-${Deno.build.arch}`]: "something else" };
  await assertRefused(
    await compile([], { cache }),
    /denort-2\.6\.8-\S+: its SHA-256 is [0-9a-f]{64} and not [0-9a-f]{64}$/m,
  );
});

isolatedTest("compile: a cached library that is another than was meant", async () => {
  const folder = await Deno.makeTempDir({ dir: "/run" });
  await Deno.mkdir(`${folder}/symrouted`);
  for (const { name } of Deno.readDirSync(userCache)) {
    const [from, to] = [`${userCache}/${name}`, `${folder}/symrouted/${name}`];
    if (/^libnl-.*-[0-9a-f]+$/.test(name)) {
      await Deno.mkdir(to);
      for (const library of Deno.readDirSync(from)) await Deno.writeTextFile(`${to}/${library.name}`, "else");
    } else await Deno.symlink(from, to);
  }
  await assertRefused(
    await compile([], { folder }),
    /libnl-3\.so\.200: its SHA-256 is [0-9a-f]{64} and not [0-9a-f]{64}$/m,
  );
}, { skip: notCompiled() });
