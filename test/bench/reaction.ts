// A daemon under measurement: how soon it reacts, and what it uses.

import { FLAG, MESSAGE, messages } from "../../ffi/message.ts";
import { exchange, Writer } from "../../ffi/request.ts";
import { RouteCodec } from "../../ffi/route.ts";
import { Socket } from "../../ffi/socket.ts";
import { parseIp } from "../../src/model/address.ts";
import { Paths } from "../../src/model/paths.ts";
import { must, Process } from "../lab/process.ts";
import { wakeUps } from "../lab/wake_ups.ts";
import { program } from "./host.ts";

const MIRROR = 1002;
const TOO_LONG = 1000;
const RTA_TABLE = 15;

/** What main is written with, and the kernel listened to. */
export interface Instruments {
  readonly ear: Socket;
  readonly pen: Pen;
}

/** Writes routes to main without the detour by another process. */
export class Pen implements Disposable {
  readonly #socket = Socket.open();
  readonly #writer = new Writer();
  readonly #paths = new Paths();
  readonly #codec = new RouteCodec(this.#paths);
  readonly #path = this.#paths.intern({
    ...{ family: 4, type: 1, protocol: 4, scope: 0, metrics: [], attributes: [] },
    nexthops: [{ ifindex: 2, gateway: "10.0.0.1", weight: 1, flags: 0, attributes: [] }],
  });

  /** Adds a host route through em1. */
  add(ip: string): void {
    const sequence = this.#socket.nextSequence();
    const words = Uint32Array.from(parseIp(ip)!.words);
    const route = {
      words,
      family: 4,
      length: 32,
      tos: 0,
      source: "",
      table: 254,
      metric: 0,
      path: this.#path,
    } as const;
    this.#codec.encode(this.#writer, route, { type: MESSAGE.newRoute, flags: FLAG.create, sequence });
    const { refusals } = exchange(this.#socket, this.#writer, sequence);
    if (refusals.length > 0) throw new Error(refusals[0].reason);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

export class Reaction implements AsyncDisposable {
  static #next = 0;

  private constructor(readonly process: Process, readonly pid: number) {}

  static async start(): Promise<Reaction> {
    const process = new Process([...program, "--log-level", "info"]);
    await process.line(/ready:/, { within: 30_000 });
    const children = await must(["pgrep", "-f", "src/main.ts"]);
    return new Reaction(process, Number(children.trim().split("\n")[0]));
  }

  /** Adds a route to main; gives the microseconds from before that write to the mirror's notification. */
  async react({ ear, pen }: Instruments, pause: number): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, pause));
    while (ear.receive());
    const next = Reaction.#next++;
    const told = performance.now();
    pen.add(`172.16.${next >> 8}.${next & 255}`);
    while (!hears(ear, MIRROR)) {
      if (performance.now() - told > TOO_LONG) throw new Error("the daemon did not react");
    }
    return (performance.now() - told) * 1000;
  }

  /** CPU time in milliseconds, memory in MB. */
  usage(): { cpu: number; wakeUps: number; memory: number } {
    const stat = Deno.readTextFileSync(`/proc/${this.pid}/stat`).replace(/^.*\) /, "").split(" ");
    const memory = /^VmRSS:\s*(\d+)/m.exec(Deno.readTextFileSync(`/proc/${this.pid}/status`))![1];
    return {
      cpu: (Number(stat[11]) + Number(stat[12])) * 10,
      wakeUps: wakeUps(this.pid),
      memory: Number(memory) / 1000,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}

/** Whether a new route of that table is told of now. */
function hears(ear: Socket, table: number): boolean {
  const datagram = ear.receive();
  if (!datagram) return false;
  for (const { type, at, length } of messages(datagram)) {
    if (type === MESSAGE.newRoute && tableOf(datagram.words, at, length) === table) return true;
  }
  return false;
}

function tableOf(words: Uint32Array, at: number, length: number): number {
  for (let word = at + 7; word < at + length / 4; word += ((words[word] & 0xffff) + 3) >> 2) {
    if (words[word] >>> 16 === RTA_TABLE) return words[word + 1];
  }
  return 0;
}
