// The program for aarch64, in emulation: all but the kernel is that machine's.

import assert from "node:assert/strict";
import { executable } from "../../dist/make/compile.ts";
import { notCompiled } from "../lab/compiled.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { emulated, variables } from "./aarch64.ts";

const skip = Deno.env.get(variables.reason) ?? notCompiled() ??
  (Deno.env.has(variables.selfCheck) ? undefined : "`deno task test-compiled` makes the programs");

isolatedTest("aarch64: --version names the machine and the copy of libnl", async () => {
  const { code, stdout, stderr } = await emulated(executable("aarch64"), ["--version"]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^symrouted \d.*\nlibnl 3\.7\.0, the copy in this program\nDeno \d.*, aarch64\n$/);
}, { skip });

isolatedTest("aarch64: --help and --print-unit", async () => {
  const help = await emulated(executable("aarch64"), ["--help"]);
  assert.equal(help.code, 0, help.stderr);
  assert.match(help.stdout, /--once/);
  const unit = await emulated(executable("aarch64"), ["--print-unit"]);
  assert.equal(unit.code, 0, unit.stderr);
  assert.match(unit.stdout, /^ExecStart=\/\S+\/symrouted-aarch64 \$SYMROUTED_OPTIONS$/m);
}, { skip });

isolatedTest("aarch64: libraries, C's calls and messages", async () => {
  const { code, stdout, stderr } = await emulated(Deno.env.get(variables.selfCheck)!);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^7 checks hold$/m);
}, { skip });
