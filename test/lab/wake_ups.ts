// How often a process has gone to sleep, which is how often it has been woken up.

/** Of all of its threads together, since each began. */
export function wakeUps(pid: number): number {
  let count = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const status = Deno.readTextFileSync(`/proc/${pid}/task/${name}/status`);
    count += Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)![1]);
  }
  return count;
}
