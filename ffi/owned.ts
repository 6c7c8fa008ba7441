/** C objects with one owner each, counted while they live. */

import { pointerTo } from "./memory.ts";

const live = new Map<string, number>();

/** How many C objects of each kind are alive; kinds with none are left out. */
export function liveHandles(): Record<string, number> {
  return Object.fromEntries([...live].filter(([, count]) => count > 0));
}

/** A C object that its holder frees, once, with `[Symbol.dispose]` (best by `using`). */
export abstract class Owned implements Disposable {
  readonly #kind: string;
  #pointer: Deno.PointerObject | null;

  protected constructor(kind: string, pointer: Deno.PointerObject) {
    this.#kind = kind;
    this.#pointer = pointer;
    live.set(kind, (live.get(kind) ?? 0) + 1);
  }

  /** The object, borrowed: valid until this is disposed of. */
  get pointer(): Deno.PointerObject {
    if (!this.#pointer) throw new TypeError(`${this.#kind} is used after it was freed`);
    return this.#pointer;
  }

  protected abstract free(pointer: Deno.PointerObject): void;

  [Symbol.dispose](): void {
    const pointer = this.#pointer;
    if (!pointer) return;
    this.#pointer = null;
    live.set(this.#kind, (live.get(this.#kind) ?? 1) - 1);
    this.free(pointer);
  }
}

/** Room for a pointer that a C function writes (`T **result`). */
export class OutPointer {
  readonly buffer = new BigUint64Array(1);

  /** What was written, or null. */
  take(): Deno.PointerObject | null {
    const pointer = pointerTo(this.buffer[0]);
    this.buffer[0] = 0n;
    return pointer;
  }
}

/** A C string, NUL-terminated. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
