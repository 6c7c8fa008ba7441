// The compiled program as the service that it makes of itself.

import { UNIT, unitText } from "../../src/unit/text.ts";
import { notCompiled } from "../lab/compiled.ts";
import type { World } from "../lab/world.ts";
import { type Machine, type Release, releases } from "./machine.ts";
import { machineScenario } from "./scenario.ts";

/** Where the machine sees it. */
export const PROGRAM = "/opt/symrouted/dist/symrouted";

/** A test with a machine whose unit is ours and not yet started. */
export function serviceScenario(
  name: string,
  body: (world: World, machine: Machine) => Promise<void>,
  options: { release?: Release } = {},
): void {
  machineScenario(name, async (world, machine) => {
    await machine.writeUnit(UNIT, unitText(PROGRAM));
    await body(world, machine);
  }, { ...options, started: false, skip: notCompiled() });
}

/** The same for each release. */
export function serviceScenarios(
  name: string,
  body: (world: World, machine: Machine) => Promise<void>,
): void {
  for (const release of releases) serviceScenario(`${release}: ${name}`, body, { release });
}

/** What systemd says of the service, by the name of systemctl(1). */
export async function property(machine: Machine, name: string): Promise<string> {
  return (await machine.systemctl(`show --property=${name} --value ${UNIT}`)).trim();
}
