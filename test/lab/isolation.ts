// Network, mount and process namespaces of our own, in which everything runs that touches a network. The
// machine's own network cannot be reached from inside, and when the last process ends nothing is left of it.

import { isRoot } from "../setup.ts";
import { PATIENCE } from "./process.ts";

/** Names the network namespace that was left, so that what runs inside can tell that it is inside. */
const OUTSIDE = "SYMROUTED_TEST_OUTSIDE";

/**
 * A private /run takes the names of `ip netns add` and the pid files of servers. What root would write into the
 * user's cache of Deno goes there too: files of root's in it would be in the user's way later.
 */
const PRELUDE = `
mount -t tmpfs tmpfs /run && mkdir /run/netns /run/upper /run/work && ip link set lo up || exit
if [ -n "$SPARED" ]; then
  mount -t overlay -o "lowerdir=$SPARED,upperdir=/run/upper,workdir=/run/work" overlay "$SPARED" || :
fi
exec "$@"
`;

const UNSHARE = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"];

/** Whether this machine lets us make such namespaces. */
export async function canIsolate(): Promise<boolean> {
  const [program, ...args] = [...asRoot(), ...UNSHARE, "true"];
  const { success } = await new Deno.Command(program, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output().catch(() => ({ success: false }));
  return success;
}

/** Runs the command in namespaces of its own, as root, and gives its exit status. */
export async function isolate(command: string[], env: Record<string, string> = {}): Promise<number> {
  const outside = await Deno.readLink("/proc/self/ns/net");
  const spared = isRoot() ? "" : env.DENO_DIR ?? "";
  const argv = [...asRoot(), ...isolating(command, { ...env, SPARED: spared, [OUTSIDE]: outside })];
  // Ctrl-C goes to the whole foreground group: what runs inside ends by it, and we wait for that end.
  const wait = () => {};
  Deno.addSignalListener("SIGINT", wait);
  const { code } = await new Deno.Command(argv[0], { args: argv.slice(1) }).spawn().status;
  Deno.removeSignalListener("SIGINT", wait);
  return code;
}

/** What root runs to have the command in namespaces of its own under another kernel. */
export function isolatedElsewhere(command: string[], env: Record<string, string>): string[] {
  return isolating(command, { ...env, [OUTSIDE]: "another kernel's" });
}

function isolating(command: string[], env: Record<string, string>): string[] {
  const assignments = Object.entries({ ...kept(), ...env }).map(([name, value]) => `${name}=${value}`);
  return ["env", ...assignments, ...UNSHARE, "sh", "-c", PRELUDE, "sh", ...command];
}

/** Whether this very process runs inside such namespaces. */
export function isIsolated(): boolean {
  const outside = Deno.env.get(OUTSIDE);
  return outside !== undefined && isRoot() && Deno.readLinkSync("/proc/self/ns/net") !== outside;
}

/** What makes root run the command that follows. */
export function asRoot(): string[] {
  return isRoot() ? [] : ["sudo"];
}

/** The part of the environment that has to survive sudo. */
function kept(): Record<string, string> {
  const names = ["PATH", "TERM", "NO_COLOR", "CI", "DENO_JOBS", "DENO_DIR", "SEED", "SYMROUTED", PATIENCE];
  const pairs = names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(pairs);
}
