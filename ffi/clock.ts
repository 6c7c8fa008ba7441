/** The clock that runs from the machine's start, and that nobody sets (clock_gettime(2)). */

import { libc } from "./libc.ts";

const CLOCK_MONOTONIC = 1;

/** Its time in microseconds. */
export function monotonicMicroseconds(): number {
  const time = new BigInt64Array(2);
  libc().clock_gettime(CLOCK_MONOTONIC, time);
  return Number(time[0] * 1_000_000n + time[1] / 1000n);
}
