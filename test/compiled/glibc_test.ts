// The oldest glibc that the program runs with is the one that the README and the packages name.

import assert from "node:assert/strict";
import { executable } from "../../dist/make/compile.ts";
import { type Architecture, ARCHITECTURES, GLIBC } from "../../dist/make/runtime.ts";
import { notCompiled } from "../lab/compiled.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { variables } from "./aarch64.ts";
import { endOf, neededVersions } from "./elf.ts";

const MAGIC = "\x7fELF";

/** The ELF files in an executable: the runtime, and behind it the copies of libnl. */
function elfFiles(bytes: Uint8Array): Uint8Array[] {
  const end = endOf(bytes), behind = new TextDecoder("latin1").decode(bytes.subarray(end));
  const found = [bytes];
  for (let at = behind.indexOf(MAGIC); at >= 0; at = behind.indexOf(MAGIC, at + 1)) {
    found.push(bytes.subarray(end + at));
  }
  return found;
}

/** Of the C library's versions the highest, as `[2, 27]`. */
function highest(versions: string[]): number[] {
  const numbers = versions.flatMap((version) => {
    const text = /^GLIBC_([\d.]+)$/.exec(version)?.[1];
    return text ? [text.split(".").map(Number)] : [];
  });
  return numbers.sort(([a, b], [c, d]) => a - c || b - d).at(-1)!;
}

function skip(architecture: Architecture): string | undefined {
  return notCompiled() ?? (architecture === Deno.build.arch ? undefined : Deno.env.get(variables.reason));
}

for (const architecture of ARCHITECTURES) {
  isolatedTest(`${architecture}: it needs the glibc that the README names`, async () => {
    const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
    const named = /\bglibc\s+(\d+\.\d+)\s+or newer/.exec(readme)![1].split(".").map(Number);
    const [runtime, ...libraries] = elfFiles(await Deno.readFile(executable(architecture)));
    assert.deepEqual(highest(neededVersions(runtime)), named);
    assert.equal(GLIBC, named.join("."));
    assert.equal(libraries.length, 2);
    for (const library of libraries) {
      const [major, minor] = highest(neededVersions(library));
      assert.ok(major === named[0] && minor <= named[1], `libnl needs ${major}.${minor}`);
    }
  }, { skip: skip(architecture) });
}
