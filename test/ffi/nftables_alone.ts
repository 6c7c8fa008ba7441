// What a process of its own shows of nftables: its first argument says which of the following. Prints an error's code and
// message, or those of several.

import { libc } from "../../ffi/libc.ts";
import { libnftables } from "../../ffi/libnftables.ts";
import { libnlRoute } from "../../ffi/libnl_pair.ts";
import { Nftables } from "../../ffi/nftables.ts";

/** `_LINUX_CAPABILITY_VERSION_3` (linux/capability.h). */
const VERSION = 0x20080522;

/** Gives all privileges up: capset(2). */
function renounce(): void {
  const { symbols } = Deno.dlopen("libc.so.6", {
    // int capset(cap_user_header_t hdrp, const cap_user_data_t datap): borrows
    capset: { parameters: ["buffer", "buffer"], result: "i32" },
  });
  symbols.capset(new Uint32Array([VERSION, 0]), new Uint32Array(6));
}

const actions: Record<string, () => void> = {
  open: () => Nftables.open(),
  "run without privilege": () => {
    using nftables = Nftables.open();
    renounce();
    // What was there before is asked for by libnftables first.
    nftables.run("list ruleset");
  },
  "list without privilege": () => {
    using nftables = Nftables.open();
    nftables.run("table inet ours");
    renounce();
    nftables.list("inet", "ours");
  },
  "swap, list and fail, often": () => grow(Deno.args[1]),
  "open with few descriptors": () => {
    libc(), libnlRoute(), libnftables();
    const held: Deno.FsFile[] = [];
    try {
      for (;;) held.push(Deno.openSync("/dev/null"));
    } catch {
      // There are none left.
    }
    for (;;) {
      say(() => Nftables.open()[Symbol.dispose]());
      held.pop()!.close();
      if (held.length < 20) return;
    }
  },
};

/** Prints by how many KiB it has grown in 2,000 rounds, after 2,500 to warm up: so long V8 goes on compiling. */
function grow(table: string): void {
  using nftables = Nftables.open();
  const rounds = (count: number) => {
    for (let i = 0; i < count; i++) {
      nftables.run(`table inet ours\ndelete table inet ours\n${table}`);
      nftables.list("inet", "ours");
      try {
        nftables.run("nonsense");
      } catch {
        // As it has to be.
      }
    }
    // What V8 has not tidied up yet is nobody's.
    (globalThis as unknown as { gc(): void }).gc();
    return Deno.memoryUsage().rss;
  };
  const before = rounds(2500);
  console.log((rounds(2000) - before) >> 10);
}

function say(action: () => void): void {
  try {
    action();
    console.log("done");
  } catch (error) {
    const { code, message } = error as Error & { code?: number };
    console.log(`${code}: ${message}`);
  }
}

say(actions[Deno.args[0]]);
