// How an end-to-end test is written down: a name, the world it needs, and what happens in it.

import { families, type Family } from "./addressing.ts";
import { isIsolated } from "./isolation.ts";
import { World, type WorldOptions } from "./world.ts";

/** What a test asks for that not every machine has. */
export interface Needs {
  /** Why it cannot run here, where a probe says so. */
  skip?: string;
  /** Kinds of links; the kernel may lack them. */
  kinds?: string[];
}

/** What a scenario asks for beyond the usual world. */
export interface ScenarioOptions extends WorldOptions, Needs {}

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

/** A test that is skipped, with the reason in its name, where there are no namespaces or something else is missing. */
export function isolatedTest(
  name: string,
  fn: (test: Deno.TestContext) => Promise<void>,
  needs: Needs = {},
): void {
  const skip = isIsolated()
    ? needs.skip ?? lacking(needs.kinds ?? [])
    : "needs namespaces of its own: `deno task test` makes them";
  Deno.test({ name: skip ? `${name} (skipped: ${skip})` : name, ignore: skip !== undefined, fn });
}

/** What the kernel says of kinds of links that a test has asked for. */
const known = new Map<string, boolean>();

/** Which of these kinds of links the kernel lacks, in words; undefined where it has all. */
export function lacking(kinds: string[]): string | undefined {
  const missing = kinds.filter((kind) => {
    if (!known.has(kind)) known.set(kind, knows(kind));
    return !known.get(kind);
  });
  return missing.length > 0 ? `the kernel has no ${missing.join(", no ")}` : undefined;
}

/** A link that lacks what its kind needs is refused for that: the kernel knows the kind. */
function knows(kind: string): boolean {
  const { stderr } = new Deno.Command("unshare", {
    args: ["--net", "ip", "link", "add", "name", "probe", "type", kind],
    env: { LC_ALL: "C" },
  }).outputSync();
  return !/Unknown device type|not supported/.test(new TextDecoder().decode(stderr));
}

/** The same scenario once for IPv4 and once for IPv6. */
export function scenarios(
  name: string,
  body: (world: World, family: Family) => Promise<void>,
  options: ScenarioOptions = {},
): void {
  for (const family of families) scenario(`${family}: ${name}`, (world) => body(world, family), options);
}

/** Why a test that needs a tun cannot run; undefined where it can. */
export async function lacksTun(): Promise<string | undefined> {
  const found = await Deno.stat("/dev/net/tun").catch(() => undefined);
  return found ? undefined : "the kernel has no tun";
}
