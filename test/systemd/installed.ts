// A machine that has no symrouted until a test installs it, and what such tests ask of it.

import { UNIT } from "../../src/unit/text.ts";
import { notCompiled } from "../lab/compiled.ts";
import type { World } from "../lab/world.ts";
import type { Machine } from "./machine.ts";
import { type MachineNeeds, machineScenario } from "./scenario.ts";

/** Where somebody has copied the executable to. */
export const FILE = "/root/symrouted";

/** Where copies of what this checkout has made are seen in a machine. */
export const MADE = "/opt/symrouted/dist";

/** A test in the usual world, whose host has the executable as FILE and no service yet. */
export function installScenario(
  name: string,
  body: (world: World, machine: Machine) => Promise<void>,
  { release, skip = notCompiled() }: MachineNeeds = {},
): void {
  machineScenario(name, async (world, machine) => {
    await machine.must(["rm", "-f", `/etc/systemd/system/${UNIT}`]);
    await machine.systemctl("daemon-reload");
    await machine.must(["cp", `${MADE}/symrouted`, FILE]);
    await body(world, machine);
  }, { started: false, release, skip });
}

/** All files of the machine's own, but for what runs in it and what it says. */
export function listing(machine: Machine): Promise<string> {
  const script = `
    find / -xdev \\( -path ${FILE} -o -path /var/log -o -path /tmp -o -path /var/tmp \\) -prune -o \\
      -type d -printf '%p %m\\n' -o -printf '%p %y %m %s %l\\n' | sort`;
  return machine.must(["sh", "-c", script]);
}

/** The service's process. */
export async function pidOf(machine: Machine): Promise<string> {
  return (await machine.systemctl(`show --property=MainPID --value ${UNIT}`)).trim();
}

/** What systemd says of the service, in one word. */
export async function stateOf(machine: Machine, what: "is-active" | "is-enabled"): Promise<string> {
  return (await machine.run(["systemctl", what, UNIT])).stdout.trim();
}
