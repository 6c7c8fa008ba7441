/**
 * C's memory, read through libc: what Deno has for it (`UnsafePointer`, `UnsafePointerView`) is refused once the
 * permission for FFI has been revoked, and functions that were opened before are not.
 */

import { libc } from "./libc.ts";

/** A pointer to an address; null for 0. */
export function pointerTo(address: bigint): Deno.PointerValue {
  return address === 0n ? null : libc().pointer_to(address, 0, 0n);
}

/** Fills `bytes` with what a borrowed pointer leads to. */
export function copyFrom(pointer: Deno.PointerObject, bytes: Uint8Array<ArrayBuffer>): void {
  libc().memcpy(bytes, pointer, BigInt(bytes.length));
}

/** The text behind a borrowed `const char *`. */
export function readCString(pointer: Deno.PointerValue): string | undefined {
  if (!pointer) return undefined;
  const bytes = new Uint8Array(Number(libc().strlen(pointer)));
  copyFrom(pointer, bytes);
  return new TextDecoder().decode(bytes);
}
