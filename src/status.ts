/** Exit statuses, after the Linux Standard Base's for services, and the failures that end in them. */

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  /** Something would be changed, or does not hold. */
  different: 3,
  privilege: 4,
  missingLibrary: 5,
  configuration: 6,
} as const;

/** A failure that is told in one line: what, why, and, if there is one, a hint. */
export class Failure extends Error {
  override readonly name = "Failure";

  constructor(readonly status: number, readonly what: string, readonly why: string, readonly hint?: string) {
    super(`${what}: ${why}${hint ? ` (${hint})` : ""}`);
  }
}

/** linux/capability.h */
const CAP_NET_ADMIN = 12n;

/** Throws where this process may not change routes: before anything has been written. */
export function requireNetAdmin(): void {
  if (hasNetAdmin() !== false) return;
  throw new Failure(
    EXIT.privilege,
    "routes and rules cannot be changed",
    "the capability CAP_NET_ADMIN is missing",
    "run it as root, or see what it would do with --dry-run",
  );
}

/** Whether this process has the capability CAP_NET_ADMIN (proc_pid_status(5)); undefined where that cannot be seen. */
function hasNetAdmin(): boolean | undefined {
  try {
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
    return effective === undefined ? undefined : ((BigInt(`0x${effective}`) >> CAP_NET_ADMIN) & 1n) === 1n;
  } catch {
    return undefined;
  }
}
