/**
 * Doing without a word what writes to standard error. Opening libraries: where no memory may become executable
 * (MemoryDenyWriteExecute of systemd.exec(5)) Deno writes a line for each symbol for which it cannot compile a shortcut. The
 * compiled program runs without V8's compilers, where such shortcuts are never taken.
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

/** What is needed of libc. */
export interface Calls {
  open(path: Uint8Array<ArrayBuffer>, flags: number): number;
  dup(fd: number): number;
  dup2(from: number, to: number): number;
  close(fd: number): number;
}

/** Does something, in the compiled program with standard error led to nowhere meanwhile. */
export function quietly<T>(action: () => T): T {
  const calls = Deno.build.standalone && open();
  return calls ? silently(calls, action) : action();
}

/** Does something with standard error led to nowhere meanwhile, where that can be done. */
export function silently<T>({ open, dup, dup2, close }: Calls, action: () => T): T {
  const kept = dup(STDERR), nowhere = open(new TextEncoder().encode("/dev/null\0"), O_WRONLY);
  const isLed = kept >= 0 && nowhere >= 0 && dup2(nowhere, STDERR) >= 0;
  try {
    return action();
  } finally {
    if (isLed) dup2(kept, STDERR);
    for (const fd of [kept, nowhere]) if (fd >= 0) close(fd);
  }
}

/** Undefined where there is no libc: whoever needs it will say so. */
function open(): Calls | undefined {
  try {
    const { open, dup, dup2, close } = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
    return {
      open: (path, flags) => open(path, value(flags)),
      dup: (fd) => dup(value(fd)),
      dup2: (from, to) => dup2(value(from), value(to)),
      close: (fd) => close(value(fd)),
    };
  } catch {
    return undefined;
  }
}

function value(number: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Int32Array([number]).buffer);
}
