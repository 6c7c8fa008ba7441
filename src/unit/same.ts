/** Whether an executable is in its place already. */

import { lookAt } from "./files.ts";
import { sha256 } from "./seal.ts";

/** Whether both have the same bytes, and the second one is a file that all may run. */
export async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([lookAt(a), lookAt(b)]);
  if (!one || !other?.isFile || one.size !== other.size || ((other.mode ?? 0) & 0o777) !== 0o755) {
    return false;
  }
  if (one.dev === other.dev && one.ino === other.ino) return true;
  // Without V8's compilers, comparing them byte by byte would take far longer.
  const [left, right] = await Promise.all([a, b].map(async (path) => sha256(await Deno.readFile(path))));
  return left === right;
}
