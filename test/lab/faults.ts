// The kernel on its worst days: a library that is preloaded into the program under test (test/faults).

import { must } from "./process.ts";

/** What is to go wrong; all counts begin at 1. A change is a request that adds or deletes a route or a rule. */
export interface Faults {
  /** Nothing happens, and nothing is counted, but while this file exists. */
  while?: string;
  /** This file is made when a fault has happened (but for a death or a stop). */
  tell?: string;
  /** Bytes that the socket for notifications can hold, instead of what the program asks for. */
  receiveBuffer?: number;
  /** The kernel is as old as that in what it lacks: 415 for 4.15. */
  kernel?: number;
  /** What the kernel has not. */
  lacks?: "nf_tables" | "nf_conntrack";
  /** SIGKILL right before or right after that change. */
  killBeforeWrite?: number;
  killAfterWrite?: number;
  /** After each change, the program tells this Unix socket of it and waits: see Stops. */
  step?: string;
  /** That change is refused, and not made. */
  refuse?: number;
  /** So is every K-th. */
  refuseEvery?: number;
  /** The errno of such a refusal; ENOMEM unless told. */
  refuseWith?: number;
  /** That acknowledgement of a batch does not arrive. */
  loseAnswer?: number;
  /** Of that batch the kernel gets the first half: whole messages, or with a part of one more. */
  truncateSend?: number;
  truncateInside?: number;
  /** Which dumps are counted; those of routes and rules unless told. */
  dumpOf?: keyof typeof DUMPS;
  /** That dump ends half-way with an error, ends half-way without an end, or is marked as interrupted and lacks its second half. */
  dumpError?: number;
  dumpShort?: number;
  dumpIntr?: number;
  /** That dump breaks off after a datagram, as where the kernel lacks memory; the rest arrives later. */
  dumpFail?: number;
  /** Every K-th object is missing from every dump of rules, and of IPv6: as in the kernel's while others write. */
  dumpSkip?: number;
  /** When a dump has begun, the program tells this Unix socket of it and waits: see Stops. */
  dumpStop?: string;
}

/** The types of the requests that dump them (linux/rtnetlink.h, linux/sock_diag.h). */
const DUMPS = { link: 18, connection: 20, address: 22, route: 26, rule: 34 } as const;

/** The environment in which the program meets these faults. */
export async function faulty(faults: Faults): Promise<Record<string, string>> {
  const settings = Object.entries(faults).map(([name, value]) => {
    const told = name === "dumpOf" ? DUMPS[value as keyof typeof DUMPS] : value;
    return `${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}=${told}`;
  });
  return { LD_PRELOAD: await compiled(), NETLINK_FAULTS: settings.join(";") };
}

const source = new URL("../faults/netlink.c", import.meta.url).pathname;
const library = "/run/netlink-faults.so";

/** The library, made by whoever needs it first; several test files may do so at once. */
async function compiled(): Promise<string> {
  const isThere = await Deno.stat(library).then(() => true, () => false);
  if (isThere) return library;
  const made = await Deno.makeTempFile({ dir: "/run", prefix: "netlink-faults-", suffix: ".so" });
  await must(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", made, source]);
  await Deno.rename(made, library);
  return library;
}

/** Where the program stops, and what it did just before. */
export interface Stop {
  /** Which of the changes, or dumps, it was. */
  count: number;
  /** The type of its request (linux/rtnetlink.h). */
  type: number;
  /** AF_INET, AF_INET6, or 0 for both. */
  family: number;
  /** The table that it is about; 0 where it is about all. */
  table: number;
}

/** Where a program stops that is given `path` as `step` or `dumpStop`. */
export class Stops implements Disposable {
  readonly path = `/run/stops-${crypto.randomUUID()}`;
  readonly #listener = Deno.listen({ transport: "unix", path: this.path });

  /** Calls `visit` at each stop of the program, which then goes on; gives what the program came to. */
  async during<T>(program: Promise<T>, visit: (stop: Stop) => Promise<void>): Promise<T> {
    const ended = program.then(() => undefined, () => undefined);
    const connection = await Promise.race([this.#listener.accept(), ended]);
    if (connection) await follow(connection, visit);
    return await program;
  }

  /** No further program stops. */
  [Symbol.dispose](): void {
    this.#listener.close();
  }
}

/** Until the program closes the connection, by its end; where `visit` fails the program stops no more. */
async function follow(connection: Deno.Conn, visit: (stop: Stop) => Promise<void>): Promise<void> {
  try {
    const decoder = new TextDecoder(), buffer = new Uint8Array(64);
    for (let size; (size = await connection.read(buffer)) !== null;) {
      const text = decoder.decode(buffer.subarray(0, size));
      const [count, type, family, table] = text.split(" ").map(Number);
      await visit({ count, type, family, table });
      await connection.write(new Uint8Array(1));
    }
  } catch (error) {
    // A program that ends without having read all that it was told.
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  } finally {
    connection.close();
  }
}
