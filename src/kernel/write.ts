/** Changes as requests, in batches, each answer matched to its change. */

import { ERRNO, NetlinkError } from "../../ffi/error.ts";
import { FLAG, MESSAGE } from "../../ffi/message.ts";
import { type Answers, exchange, type Writer } from "../../ffi/request.ts";
import type { RouteCodec, RouteFields } from "../../ffi/route.ts";
import { writeRule } from "../../ffi/rule.ts";
import type { Socket } from "../../ffi/socket.ts";
import type { Change, RouteChange } from "../model/change.ts";
import type { Stores } from "../model/store.ts";

/** A change that is not in place. */
export interface Refusal {
  readonly change: Change;
  /** The kernel's words. */
  readonly reason: string;
  /** The answer did not come: whether the change is in place is to be looked up. */
  readonly unknown: boolean;
  /** It was not written, because something before it was refused. */
  readonly held?: boolean;
}

interface Pen {
  readonly socket: Socket;
  readonly writer: Writer;
  readonly codec: RouteCodec;
  readonly stores: Stores;
}

const RULE_BYTES = 256;
const FLAGS: Readonly<Record<RouteChange["op"], number>> = {
  append: FLAG.create | FLAG.append,
  prepend: FLAG.create,
  replace: FLAG.create | FLAG.replace,
  delete: 0,
};

/** What became of one batch. */
export interface Written {
  /** Those that are in place now. */
  readonly done: readonly Change[];
  /** Those that were in place before: what was known of the kernel is not so. */
  readonly already: readonly Change[];
  readonly refused: readonly Refusal[];
}

/** Sends the changes in batches as large as a datagram; yields after each what became of it. */
export function* writeChanges(changes: readonly Change[], pen: Pen): Generator<Written> {
  const fields = emptyFields();
  for (let start = 0; start < changes.length;) {
    pen.writer.clear();
    let end = start, first = 0, last = 0;
    while (end < changes.length && pen.writer.room >= sizeOf(changes[end], pen)) {
      last = pen.socket.nextSequence();
      if (end === start) first = last;
      put(changes[end++], { pen, fields, sequence: last });
    }
    if (end === start) {
      yield { done: [], already: [], refused: [{ change: changes[start++], ...TOO_LONG }] };
      continue;
    }
    const batch = changes.slice(start, end);
    yield outcomeOf(batch, { first, answers: exchange(pen.socket, pen.writer, last) });
    start = end;
  }
}

const TOO_LONG = { reason: "it is too long for a message", unknown: false };
const UNANSWERED = { reason: "the kernel did not answer", unknown: true };

function outcomeOf(
  batch: readonly Change[],
  { first, answers }: { first: number; answers: Answers },
): Written {
  if (!answers.complete) {
    return { done: [], already: [], refused: batch.map((change) => ({ change, ...UNANSWERED })) };
  }
  if (answers.refusals.length === 0) return { done: batch, already: [], refused: [] };
  const already: Change[] = [], refused: Refusal[] = [];
  for (const { sequence, errno, reason } of answers.refusals) {
    const change = batch[(sequence - first) >>> 0];
    if (errno === ERRNO.EPERM) throw new NetlinkError("change routes or rules", reason, { code: errno });
    if (!change) continue;
    if (isSo(change, errno)) already.push(change);
    else refused.push({ change, reason, unknown: false });
  }
  const others = new Set([...already, ...refused.map(({ change }) => change)]);
  return { done: batch.filter((change) => !others.has(change)), already, refused };
}

function sizeOf(change: Change, { codec }: Pen): number {
  return "rule" in change ? RULE_BYTES : codec.encodedSize(change.path);
}

function put(
  change: Change,
  { pen, fields, sequence }: { pen: Pen; fields: RouteFields; sequence: number },
): void {
  if ("rule" in change) {
    writeRule(pen.writer, change.rule, { add: change.op === "add-rule", sequence });
    return;
  }
  const { keys } = pen.stores[change.family];
  fields.family = change.family;
  keys.copyWords(change.key, fields.words);
  fields.length = keys.length(change.key);
  fields.tos = keys.tos(change.key);
  fields.source = keys.source(change.key);
  fields.table = change.table;
  fields.metric = change.metric;
  fields.path = change.path;
  const type = change.op === "delete" ? MESSAGE.delRoute : MESSAGE.newRoute;
  pen.codec.encode(pen.writer, fields, { type, flags: FLAGS[change.op], sequence });
}

function emptyFields(): RouteFields {
  const words = new Uint32Array(4);
  return { family: 4, words, length: 0, tos: 0, source: "", table: 0, metric: 0, path: 0 };
}

/** Whether an error says that the kernel has already what the change would make. */
function isSo(change: Change, errno: number): boolean {
  switch (change.op) {
    case "add-rule":
    case "append":
    case "prepend":
    case "replace":
      return errno === ERRNO.EEXIST;
    case "delete":
    case "delete-rule":
      return errno === ERRNO.ESRCH || errno === ERRNO.ENOENT || errno === ERRNO.ENODEV;
  }
}
