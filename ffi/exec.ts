/** Becoming another program with the same process number (execve(2)). */

import { errno, errnoText } from "./errno.ts";
import { libc } from "./libc.ts";
import { pointerTo } from "./memory.ts";
import { cString } from "./owned.ts";

/** At least as long as `struct sigaction` is anywhere; all zeros, it is the default action. */
const ACTION_BYTES = 256;

/**
 * Runs the program at `path` with these words as its argv, and with this process's environment, in its place. Returns only
 * where that fails: with the kernel's words for why.
 */
export function execute(path: string, words: readonly string[]): string {
  const { execv, strdup, free } = libc();
  const argv = new BigUint64Array([...words.map((word) => strdup(cString(word))), 0n]);
  execv(cString(path), argv);
  const reason = errnoText(errno());
  for (const word of argv) free(pointerTo(word));
  return reason;
}

/** Changes this process's environment; undefined takes a variable away. */
export function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) libc().unsetenv(cString(name));
  else libc().setenv(cString(name), cString(value), 1);
}

/** Lets signals have their default action, which ends the process; what is given back takes that back. */
export function defaultActions(signals: readonly number[]): () => void {
  const before = signals.map((signal) => {
    const old = new Uint8Array(ACTION_BYTES);
    libc().sigaction(signal, new Uint8Array(ACTION_BYTES), old);
    return old;
  });
  return () => signals.forEach((signal, index) => libc().sigaction(signal, before[index], null));
}
