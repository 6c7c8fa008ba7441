// Hears of every change to routes and rules in a namespace, however many there are.

import assert from "node:assert/strict";
import { type Message, messages } from "../../ffi/message.ts";
import { cString } from "../../ffi/owned.ts";
import { GROUP, Socket } from "../../ffi/socket.ts";
import "../ffi/libraries.ts";
import type { Namespace } from "./netns.ts";

const CLONE_NEWNET = 0x40000000;
const O_CLOEXEC = 0o2000000;

/** RTA_TABLE and FRA_TABLE (linux/rtnetlink.h, linux/fib_rules.h), and the words of the two headers before it. */
const TABLE = 15;
const HEADERS = 7;

/** What happens waits in here until it is asked for: `ip monitor` misses some of it where it does not get its turn. */
const BUFFER = 512 * 1024 * 1024;

export class Ear implements Disposable {
  readonly #socket: Socket;
  readonly #changes = new Map<number, number>();

  constructor(host: Namespace) {
    // A socket stays in the namespace that it was opened in.
    using _entered = enter(`/run/netns/${host.name}`);
    const { route4, route6, rule4, rule6 } = GROUP;
    this.#socket = Socket.open({ groups: [route4, route6, rule4, rule6], receiveBuffer: BUFFER });
  }

  /** How often the table's routes, or rules that lead to it, have changed. */
  changes(table: number): number {
    for (let datagram = this.#socket.receive(); datagram; datagram = this.#socket.receive()) {
      for (const message of messages(datagram)) {
        const of = tableOf(message);
        this.#changes.set(of, (this.#changes.get(of) ?? 0) + 1);
      }
    }
    return this.#changes.get(table) ?? 0;
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

function tableOf({ datagram: { words }, at, length }: Message): number {
  const end = at + length / 4;
  for (let word = at + HEADERS; word < end; word += ((words[word] & 0xffff) + 3) >> 2) {
    if (words[word] >>> 16 === TABLE) return words[word + 1];
  }
  return 0;
}

/** Moves this thread into the network namespace, until what is given is disposed of. */
export function enter(path: string): Disposable {
  const libc = Deno.dlopen("libc.so.6", {
    // int open(const char *pathname, int flags): owned, close
    open: { parameters: ["buffer", "i32"], result: "i32" },
    // int setns(int fd, int nstype)
    setns: { parameters: ["i32", "i32"], result: "i32" },
    // int close(int fd): takes
    close: { parameters: ["i32"], result: "i32" },
  });
  const { open, setns, close } = libc.symbols;
  const home = open(cString("/proc/thread-self/ns/net"), O_CLOEXEC);
  const there = open(cString(path), O_CLOEXEC);
  assert.equal(setns(there, CLONE_NEWNET), 0, `${path} cannot be entered`);
  close(there);
  return {
    [Symbol.dispose]: () => {
      assert.equal(setns(home, CLONE_NEWNET), 0, "the test's own namespace cannot be entered again");
      close(home);
      libc.close();
    },
  };
}
