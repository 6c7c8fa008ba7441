/** What the kernel or libnl answers when it refuses. */

import { errno, errnoText } from "./errno.ts";
import { libnl } from "./libnl_pair.ts";
import { readCString } from "./memory.ts";

/** Errors of the kernel (asm-generic/errno.h), as positive numbers. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EAGAIN: 11,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  EROFS: 30,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  EMSGSIZE: 90,
  EADDRINUSE: 98,
  ENETDOWN: 100,
  ENOBUFS: 105,
} as const;

/** A request that failed: what was to be done, with what, and why not. */
export class NetlinkError extends Error {
  override readonly name: string = "NetlinkError";

  constructor(readonly op: string, readonly reason: string, options: { code: number; object?: string }) {
    super(`${op}${options.object ? ` ${options.object}` : ""}: ${reason}`);
    this.code = options.code;
    this.object = options.object;
  }

  /** A kernel's errno as a positive number, or libnl's code as a negative one. */
  readonly code: number;
  /** What the operation was about, in the syntax of `ip`. */
  readonly object?: string;
}

/** `result`, unless it is one of libnl's negative error codes. */
export function check(result: number, op: string, object?: string): number {
  if (result >= 0) return result;
  const reason = readCString(libnl().nl_geterror(result)) ?? `error ${result}`;
  throw new NetlinkError(op, reason, { code: result, object });
}

/** A call of libc's that has just failed: what was to be done, and why the kernel did not. */
export function failure(op: string): NetlinkError {
  const code = errno();
  return new NetlinkError(op, errnoText(code), { code });
}
