// What a client asks of the uplinks' addresses, in several ways and both families, and who has to answer.

import assert from "node:assert/strict";
import { families, type Family } from "./addressing.ts";
import { script } from "./deno.ts";
import type { Namespace } from "./netns.ts";
import { patience } from "./process.ts";
import type { Uplink, World } from "./world.ts";

/** A question to be answered by what is sent back. */
export interface Question {
  how: "tcp" | "udp" | "ping" | "refusal" | "unreachable";
  address: string;
  port: number;
  /** Bytes to be sent and to come back; few unless told. */
  size?: number;
}

export interface Asked extends Question {
  /** Whether there has to be an answer; otherwise there must be none. */
  wanted: boolean;
}

/** Milliseconds for an answer that has to come, and for one that must not. */
const LONG = 5000 * patience, SHORT = 300 * patience;

/** What is asked of every uplink's address. */
export interface Asking {
  /** Who asks; the world's client unless told. */
  from?: Namespace;
  how?: readonly Question["how"][];
  families?: readonly Family[];
  port?: number;
  size?: number;
}

/** Asserts that the addresses of exactly those uplinks answer. */
export async function assertAnswers(
  world: World,
  wanted: (uplink: Uplink) => boolean,
  { from = world.client, how = ["tcp", "udp", "ping"], port = 8080, size, ...asking }: Asking = {},
): Promise<void> {
  const all = world.uplinks.flatMap((uplink) =>
    (asking.families ?? families).flatMap((family) =>
      how.map((one) => ({ how: one, address: uplink[family].address, port, size, wanted: wanted(uplink) }))
    )
  );
  await assertAnswered(from, all);
}

/** Asserts that exactly those are answered that have to be. */
export async function assertAnswered(from: Namespace, questions: readonly Asked[]): Promise<void> {
  const stdout = await from.must([...script("asker.ts"), `${LONG}`, `${SHORT}`, JSON.stringify(questions)]);
  const answered: boolean[] = JSON.parse(stdout);
  const told = ({ how, address, port }: Question) => `${how} ${address} ${port}`;
  assert.deepEqual(
    questions.filter((_, which) => answered[which]).map(told),
    questions.filter(({ wanted }) => wanted).map(told),
  );
}

/** That of the best default route in main, which all replies take that nobody knows the way of. */
export const byFirst = ({ number }: Uplink): boolean => number === 1;
export const byAll = (): boolean => true;
