/** Why the last call of libc's has failed: errno(3). */

import { libc } from "./libc.ts";
import { copyFrom, readCString } from "./memory.ts";

/** This thread's errno: valid until it calls libc again. */
export function errno(): number {
  const value = new Int32Array(1);
  copyFrom(libc().errno_location()!, new Uint8Array(value.buffer));
  return value[0];
}

/** The kernel's words for an errno, such as "File exists". */
export function errnoText(errno: number): string {
  return readCString(libc().strerror(errno)) ?? `error ${errno}`;
}
