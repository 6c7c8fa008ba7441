// Another program that does something again and again, until it is stopped; and what programs cost.

import type { Namespace } from "./netns.ts";
import type { Process } from "./process.ts";

/** Hundredths of a second (USER_HZ) of processor time that a process and its children that have ended have taken. */
export function processorTime(pid: number): number {
  return stat(pid).time;
}

/** The same of all processes of a group. */
export function groupTime(leader: number): number {
  const pids = [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => pid > 0);
  return pids.reduce((sum, pid) => {
    try {
      const { group, time } = stat(pid);
      return group === leader ? sum + time : sum;
    } catch (error) {
      // It has ended meanwhile: then its time is its parent's.
      if (error instanceof Deno.errors.NotFound || /ESRCH|No such process/.test(String(error))) return sum;
      throw error;
    }
  }, 0);
}

function stat(pid: number): { group: number; time: number } {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The second field, the name in parentheses, may have blanks.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ").map(Number);
  const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15);
  return { group: fields[2], time: user + system + childrenUser + childrenSystem };
}

/** Runs a shell script that goes on until it is stopped. */
export function fighter(host: Namespace, script: string): Process {
  return host.spawn(["sh", "-c", `exec >/dev/null 2>&1\n${script}`], { group: true });
}

/** Does it every few milliseconds. */
export function repeating(host: Namespace, commands: readonly string[]): Process {
  return fighter(host, `while :; do\n${commands.join("\n")}\nsleep 0.01\ndone`);
}

/** Does it as fast as the kernel lets it: `ip` commands without `ip`, of the family that the flag says. */
export async function rushing(host: Namespace, flag: string, commands: readonly string[]): Promise<Process> {
  const path = await Deno.makeTempFile({ dir: "/run", prefix: "fighter-" });
  await Deno.writeTextFile(path, `${commands.join("\n")}\n`.repeat(5000));
  return fighter(host, `while :; do ip ${flag} -force -batch ${path}; done`);
}
