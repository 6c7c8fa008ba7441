/** Who may change a service now, and from where. */

import { Lock } from "../kernel/system.ts";
import { EXIT, Failure } from "../status.ts";

/** linux/kdev_t.h, as user space has it: of a device's number, the major and the minor one. */
const MAJOR = (device: number) => (device >>> 8) & 0xfff, MINOR = (device: number) => device & 0xff;

/**
 * Of several that would install or remove in one root folder at the same time, one does it: until what is given back is
 * disposed of, or its process ends. Throws Failure, which begins with `what`, for the others.
 */
export function takeTurn(what: string, root: string): Disposable {
  const lock = Lock.take(root);
  if (lock) return lock;
  const pid = holderOf(root), who = pid === undefined ? "another process" : `process ${pid}`;
  throw new Failure(
    EXIT.failed,
    what,
    `${who} is changing the service just now`,
    "try again when it is done",
  );
}

/** The process that has locked a folder (proc_locks(5)); undefined where it cannot be seen from here. */
function holderOf(path: string): string | undefined {
  const { dev, ino } = Deno.statSync(path);
  for (const line of Deno.readTextFileSync("/proc/locks").split("\n")) {
    const [, kind, , , pid, file = ""] = line.split(/\s+/), [major, minor, inode] = file.split(":");
    const isIt = parseInt(major, 16) === MAJOR(dev) && parseInt(minor, 16) === MINOR(dev);
    if (kind === "FLOCK" && isIt && Number(inode) === ino) return pid;
  }
  return undefined;
}

/** Throws where systemd, which starts the service, is in another network or root folder than this program. */
export function requireSystemdsWorld(what: string): void {
  const network = (process: string) => Deno.readLinkSync(`/proc/${process}/ns/net`);
  if (differs(network)) {
    const why = "systemd runs in another network namespace, and so does its service";
    throw new Failure(EXIT.failed, what, why, "nsenter --target 1 --net … leads there");
  }
  const folder = (process: string) => {
    const { dev, ino } = Deno.statSync(`/proc/${process}/root/`);
    return `${dev}:${ino}`;
  };
  if (differs(folder)) {
    const why = "systemd runs in another root folder";
    throw new Failure(EXIT.failed, what, why, "use --root / for what is an image here");
  }
}

/** Whether something is another one for process 1; not where that cannot be seen. */
function differs(look: (process: string) => string): boolean {
  try {
    return look("self") !== look("1");
  } catch {
    return false;
  }
}
