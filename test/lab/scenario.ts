// How an end-to-end test is written down: a name, the world it needs, and what happens in it.

import { families, type Family } from "./addressing.ts";
import { isIsolated } from "./isolation.ts";
import { World, type WorldOptions } from "./world.ts";

/** What a scenario asks for beyond the usual world. */
export interface ScenarioOptions extends WorldOptions {
  /** Why it cannot run here, where a probe says so. */
  skip?: string;
}

/** A test in a world of its own, which is gone afterwards. */
export function scenario(
  name: string,
  body: (world: World) => Promise<void>,
  options: ScenarioOptions = {},
): void {
  isolatedTest(name, async () => {
    await using world = await World.build(options);
    await body(world);
  }, options);
}

/** A test that is skipped, with the reason in its name, where there are no namespaces or `skip` says why. */
export function isolatedTest(name: string, fn: () => Promise<void>, options: { skip?: string } = {}): void {
  const skip = isIsolated() ? options.skip : "needs namespaces of its own: `deno task test` makes them";
  Deno.test({ name: skip ? `${name} (skipped: ${skip})` : name, ignore: skip !== undefined, fn });
}

/** The same scenario once for IPv4 and once for IPv6. */
export function scenarios(
  name: string,
  body: (world: World, family: Family) => Promise<void>,
  options: ScenarioOptions = {},
): void {
  for (const family of families) scenario(`${family}: ${name}`, (world) => body(world, family), options);
}
