// Libraries are opened when they are first used, and one that is missing is one line that says what to install.

import assert from "node:assert/strict";
import { NFTABLES_PACKAGES } from "../../ffi/libnftables.ts";
import { libnl, LIBNL_PACKAGES } from "../../ffi/libnl_pair.ts";
import { library, MissingLibrary } from "../../ffi/library.ts";
import { run } from "../lab/process.ts";
import "./libraries.ts";

const root = new URL("../../", import.meta.url).pathname;

/** Every module of the program. */
async function modules(): Promise<string[]> {
  const found: string[] = [];
  const folders = ["ffi", "src"];
  for (const folder of folders) {
    for await (const { name, isDirectory } of Deno.readDir(`${root}${folder}`)) {
      if (isDirectory) folders.push(`${folder}/${name}`);
      else if (name.endsWith(".ts") && name !== "main.ts") found.push(`${root}${folder}/${name}`);
    }
  }
  return found;
}

/** Runs code in a process of its own, and gives what it printed. */
async function evaluate(code: string): Promise<string> {
  const { code: status, stdout, stderr } = await run(
    [Deno.execPath(), "run", "-A", "--cached-only", "--config", `${root}deno.json`, "-"],
    { stdin: code },
  );
  assert.equal(status, 0, stderr);
  return stdout;
}

const PRINT_LIBRARIES = `
  const maps = Deno.readTextFileSync("/proc/self/maps");
  console.log([...new Set(maps.match(/lib(nl|nftables)[-\\w]*\\.so/g))].sort().join(" "));
`;

Deno.test("importing every module opens no library", async () => {
  const imports = (await modules()).map((path) => `await import(${JSON.stringify(path)});\n`);
  assert.ok(imports.length > 40, `${imports.length} modules`);
  assert.equal(await evaluate(imports.join("") + PRINT_LIBRARIES), "\n");
});

Deno.test("the first use opens it", async () => {
  const use = `(await import("${root}ffi/libnl_pair.ts")).libnlRoute();`;
  assert.equal(await evaluate(use + PRINT_LIBRARIES), "libnl-3.so libnl-route-3.so\n");
});

Deno.test("that of nftables is opened by nothing else", async () => {
  const use = `(await import("${root}ffi/nftables.ts")).Nftables.open()[Symbol.dispose]();`;
  assert.match(await evaluate(use + PRINT_LIBRARIES), /^libnftables\.so /);
  const others = `(await import("${root}ffi/libnl_pair.ts")).libnlRoute();`;
  assert.doesNotMatch(await evaluate(others + PRINT_LIBRARIES), /nftables/);
});

Deno.test("a library is opened once", () => {
  assert.equal(libnl(), libnl());
});

Deno.test("a library that is missing is one line with the packages that have it", () => {
  const error = failure("libno-such.so.9", LIBNL_PACKAGES);
  assert.ok(error instanceof MissingLibrary);
  assert.doesNotMatch(error.message, /\n/);
  assert.match(error.message, /^libno-such\.so\.9 cannot be opened: .*\(install .*\)$/);
  for (const name of ["Debian", "Ubuntu", "Fedora", "Arch", "Alpine"]) {
    assert.ok(error.message.includes(name), name);
  }
  for (const name of ["libnl-3-200", "libnl-route-3-200", "libnl3"]) {
    assert.ok(error.message.includes(name), name);
  }
});

Deno.test("who lacks libnftables is told of its packages", () => {
  const { message } = failure("libno-such.so.9", NFTABLES_PACKAGES) as Error;
  for (const name of ["libnftables1", "nftables", "Debian", "Ubuntu", "Fedora", "Arch", "Alpine"]) {
    assert.ok(message.includes(name), name);
  }
});

Deno.test("a library that lacks a function is missing, too, and can be tried again", () => {
  const open = library("libc.so.6", {
    packages: "nothing",
    symbols: { no_such_function: { parameters: [], result: "void" } },
  });
  for (let attempt = 0; attempt < 2; attempt++) {
    assert.throws(open, { name: "MissingLibrary", message: /no_such_function/ });
  }
});

function failure(soname: string, packages: string): unknown {
  try {
    library(soname, { packages, symbols: { f: { parameters: [], result: "void" } } })();
  } catch (error) {
    return error;
  }
}
