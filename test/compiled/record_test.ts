// What is said of the compiled program beside it is so.

import assert from "node:assert/strict";
import { compiled, notCompiled } from "../lab/compiled.ts";
import { run } from "../lab/process.ts";
import { isolatedTest } from "../lab/scenario.ts";

const skip = notCompiled();

isolatedTest("the record names what is embedded, and nothing else is", async () => {
  const { target, size, sha256, runtime, embedded } = JSON.parse(await Deno.readTextFile(`${compiled}.json`));
  const bytes = await Deno.readFile(compiled);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  assert.deepEqual({ size, sha256 }, { size: bytes.length, sha256: digest });
  assert.equal(target, `${Deno.build.arch}-unknown-linux-gnu`);
  const paths = embedded.map(({ path }: { path: string }) => path);
  assert.deepEqual(
    paths,
    [
      `dist/libnl/${Deno.build.arch}/libnl-3.so.200`,
      `dist/libnl/${Deno.build.arch}/libnl-route-3.so.200`,
      ...["crates", "deno", "libnl", "stricli", "symrouted", "v8"].map((name) => `dist/licenses/${name}`),
      "program/symrouted.js",
    ],
  );
  const own = embedded.reduce((sum: number, one: { size: number }) => sum + one.size, 0);
  // What Deno itself adds: the way to each file, and how it is to be run.
  if (runtime.size) assert.ok(size - runtime.size - own < 16_384, `${size - runtime.size - own} bytes more`);
}, { skip });

isolatedTest("it ships the licences of all that it holds", async () => {
  const { code, stdout, stderr } = await run([compiled, "--licenses"]);
  assert.equal(code, 0, stderr);
  const words = ["MIT License", "GNU LESSER GENERAL PUBLIC LICENSE", "Apache License", "the Deno authors"];
  words.push("the V8 project authors", "UNICODE LICENSE V3", "Mozilla Public License", "tokio@1.");
  for (const text of words) assert.ok(stdout.includes(text), text);
}, { skip });

isolatedTest("it needs no Deno, no cache and no home, and takes no options of theirs", async () => {
  const { code, stdout, stderr } = await run([
    "env",
    "-i",
    "-C",
    "/",
    compiled,
    "--once",
    "--v8-flags=--help",
  ]);
  assert.deepEqual({ code, stdout }, { code: 2, stdout: "" }, stderr);
  assert.match(stderr, /^symrouted: --v8-flags: there is no such option .*\n$/);
}, { skip });
