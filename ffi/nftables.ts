/** Rulesets of nftables, in the language of nft(8), by libnftables(3). */

import { errnoText } from "./errno.ts";
import { ERRNO, NetlinkError } from "./error.ts";
import { libnftables } from "./libnftables.ts";
import { readCString } from "./memory.ts";
import { NETLINK_NETFILTER, NFPROTO, NFT_MESSAGE, TABLE_NAME, type TableFamily } from "./nfnetlink.ts";
import { cString, Owned } from "./owned.ts";
import { exchange, Writer } from "./request.ts";
import { Socket } from "./socket.ts";

/** `NFT_CTX_OUTPUT_*`: what has been counted is left out, priorities are numbers. */
const STATELESS = 1 << 2, NUMERIC_PRIORITY = 1 << 8;
/** The highest errno there is (asm-generic/errno.h). */
const LAST_ERRNO = 133;

export class Nftables extends Owned {
  /** Asks what libnftables cannot tell for sure. */
  readonly #questions: Socket;

  private constructor(pointer: Deno.PointerObject, questions: Socket) {
    super("nft_ctx", pointer);
    this.#questions = questions;
  }

  /** Throws MissingLibrary; NetlinkError where the kernel has no nftables, or does not let us (EPERM). */
  static open(): Nftables {
    const nft = libnftables(), op = "ask the kernel for nftables";
    const questions = Socket.open({ protocol: NETLINK_NETFILTER });
    try {
      ask(questions, { type: NFT_MESSAGE.getGeneration, op });
      // Where libnftables can open no socket it ends the process; this one makes room for its.
      Socket.open({ protocol: NETLINK_NETFILTER })[Symbol.dispose]();
      const pointer = nft.nft_ctx_new(0);
      if (!pointer) throw new NetlinkError(op, "libnftables is out of memory", { code: 0 });
      const opened = new Nftables(pointer, questions);
      if (nft.nft_ctx_buffer_output(pointer) === 0 && nft.nft_ctx_buffer_error(pointer) === 0) {
        nft.nft_ctx_output_set_flags(pointer, STATELESS | NUMERIC_PRIORITY);
        return opened;
      }
      opened[Symbol.dispose]();
      throw new NetlinkError(op, "libnftables cannot buffer what it prints", { code: 0 });
    } catch (error) {
      questions[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Runs commands in one transaction: all of them, or none. Throws NetlinkError with the library's words for the first that
   * is wrong, and with the kernel's errno as its code where there is one.
   */
  run(commands: string): void {
    this.#run(commands, "change nftables' rules");
  }

  /**
   * A table with all that is in it, as text that `run` takes, but for what was counted; undefined where there is no such
   * table. Throws NetlinkError where it cannot be read.
   */
  list(family: TableFamily, table: string): string | undefined {
    if (!this.#has(family, table)) return undefined;
    const op = `list the nftables table ${family} ${table}`;
    try {
      const text = this.#run(`list table ${family} ${table}`, op);
      if (!text.startsWith("table ")) throw new NetlinkError(op, "libnftables listed none", { code: 0 });
      return text;
    } catch (error) {
      // It may have gone meanwhile.
      if (!this.#has(family, table)) return undefined;
      throw error;
    }
  }

  #run(commands: string, op: string): string {
    const nft = libnftables();
    // Who lacks the privilege would be told so by the library on standard error.
    ask(this.#questions, { type: NFT_MESSAGE.getGeneration, op });
    const failed = nft.nft_run_cmd_from_buffer(this.pointer, cString(commands));
    const printed = readCString(nft.nft_ctx_get_output_buffer(this.pointer)) ?? "";
    const errors = readCString(nft.nft_ctx_get_error_buffer(this.pointer)) ?? "";
    if (failed === 0) return printed;
    const reason = firstError(errors);
    throw new NetlinkError(op, reason, { code: errnoOf(reason) });
  }

  /** By the kernel's own answer: to libnftables whatever it failed to read is not there. */
  #has(family: TableFamily, table: string): boolean {
    const op = `look for the nftables table ${family} ${table}`;
    return ask(this.#questions, { type: NFT_MESSAGE.getTable, op, family: NFPROTO[family], table });
  }

  protected override free(pointer: Deno.PointerObject): void {
    libnftables().nft_ctx_free(pointer);
    this.#questions[Symbol.dispose]();
  }
}

interface Question {
  readonly type: number;
  readonly op: string;
  readonly family?: number;
  readonly table?: string;
}

/** Whether the kernel has what is asked for. Throws where it gives another answer than yes or no. */
function ask(socket: Socket, { type, op, family = 0, table }: Question): boolean {
  const writer = new Writer(), sequence = socket.nextSequence();
  writer.begin(type, { flags: 0, sequence });
  writer.word(family);
  if (table !== undefined) {
    const name = cString(table), padded = new Uint8Array((name.length + 3) & ~3);
    padded.set(name);
    writer.word((4 + name.length) | (TABLE_NAME << 16));
    writer.raw(padded);
  }
  writer.end();
  const { refusals: [refusal], complete } = exchange(socket, writer, sequence);
  if (table !== undefined && refusal?.errno === ERRNO.ENOENT) return false;
  if (refusal) throw new NetlinkError(op, refusal.reason, { code: refusal.errno });
  if (!complete) throw new NetlinkError(op, "the kernel did not answer", { code: 0 });
  return true;
}

/** The library's words for the first of several errors; the lines of the ruleset that it adds are always its first one. */
function firstError(text: string): string {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const first = lines.find((line) => line.includes("Error: ")) ?? lines[0] ?? "libnftables does not say why";
  return first.replace(/^.*?Error: /, "");
}

/** The errno that the library's words end in, but for its guess at what was meant; 0 where it is none of the kernel's errors. */
function errnoOf(reason: string): number {
  const words = reason.split(";")[0];
  for (let errno = 1; errno <= LAST_ERRNO; errno++) if (words.endsWith(errnoText(errno))) return errno;
  return 0;
}
