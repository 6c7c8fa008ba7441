// The compiled program, for the tests that run it. Where it cannot be made they are skipped, with the reason.

import { compile, type CompileOptions, executable } from "../../dist/make/compile.ts";
import type { Architecture } from "../../dist/make/runtime.ts";
import { Unmakeable } from "../../dist/make/tools.ts";
import { prepare } from "../setup.ts";

/** Says why there is no compiled program. */
const REASON = "SYMROUTED_TEST_NOT_COMPILED";

/** The program for this machine. */
export const compiled = executable(Deno.build.arch as Architecture);

/** Makes it from this checkout; whether that could be is in the environment of this process from then on. */
export async function makeCompiled(): Promise<void> {
  const reason = await prepare("compile") ?? await made(Deno.build.arch as Architecture);
  if (reason) Deno.env.set(REASON, reason);
}

/** What tests in another environment have to be told. */
export function compiledVariables(): Record<string, string> {
  const reason = Deno.env.get(REASON);
  return reason ? { [REASON]: reason } : {};
}

/** Compiles for that machine; gives the reason where that cannot be. */
export async function made(
  architecture: Architecture,
  options?: CompileOptions,
): Promise<string | undefined> {
  try {
    await compile(architecture, options);
  } catch (error) {
    if (!(error instanceof Unmakeable)) throw error;
    return error.message;
  }
}

/** Why the tests of the compiled program are skipped; undefined where they are not. */
export function notCompiled(): string | undefined {
  return Deno.env.get(REASON) ?? (isThere() ? undefined : "`deno task test-compiled` makes the program");
}

function isThere(): boolean {
  try {
    return Deno.statSync(compiled).isFile;
  } catch {
    return false;
  }
}
