/**
 * Opening libraries without a word. Where no memory may become executable (MemoryDenyWriteExecute of systemd.exec(5)) Deno
 * writes a line to standard error for each symbol for which it cannot compile a shortcut. The compiled program runs without
 * V8's compilers, where such shortcuts are never taken.
 */

/** An int. Passed as a structure, which is passed alike, it keeps Deno from trying a shortcut for these functions too. */
const int = { struct: ["i32"] } as const;

const SYMBOLS = {
  // int open(const char *pathname, int flags): owned, close
  open: { parameters: ["buffer", int], result: "i32" },
  // int dup(int oldfd): owned, close
  dup: { parameters: [int], result: "i32" },
  // int dup2(int oldfd, int newfd): borrows
  dup2: { parameters: [int, int], result: "i32" },
  // int close(int fd): takes
  close: { parameters: [int], result: "i32" },
} as const;

const STDERR = 2;
const O_WRONLY = 1;

/** Does something, in the compiled program with standard error led to nowhere meanwhile. */
export function quietly<T>(action: () => T): T {
  if (!Deno.build.standalone) return action();
  const symbols = open();
  if (!symbols) return action();
  const { open: openFile, dup, dup2, close } = symbols;
  const kept = dup(value(STDERR)),
    nowhere = openFile(new TextEncoder().encode("/dev/null\0"), value(O_WRONLY));
  if (kept < 0 || nowhere < 0) {
    for (const fd of [kept, nowhere]) if (fd >= 0) close(value(fd));
    return action();
  }
  dup2(value(nowhere), value(STDERR));
  try {
    return action();
  } finally {
    dup2(value(kept), value(STDERR));
    for (const fd of [kept, nowhere]) close(value(fd));
  }
}

/** Undefined where there is no libc: whoever needs it will say so. */
function open(): Deno.StaticForeignLibraryInterface<typeof SYMBOLS> | undefined {
  try {
    return Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  } catch {
    return undefined;
  }
}

function value(number: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Int32Array([number]).buffer);
}
