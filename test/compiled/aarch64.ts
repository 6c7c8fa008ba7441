// Running programs for aarch64, instruction by instruction.

import { AARCH64_ROOT } from "../setup.ts";
import { type Result, run } from "../lab/process.ts";

/** How the tests are told of what was compiled for aarch64, or of why nothing was. */
export const variables = {
  reason: "SYMROUTED_TEST_NO_AARCH64",
  selfCheck: "SYMROUTED_TEST_SELF_CHECK",
};

/** Runs it to its end. */
export function emulated(path: string, args: string[] = []): Promise<Result> {
  return run(["qemu-aarch64-static", "-L", AARCH64_ROOT, path, ...args]);
}
