// Uplinks that go and come back.

import { cableLine } from "./cables.ts";
import { hostLines, routerEndLines, type Uplink, type World } from "./world.ts";

/** Deletes the uplinks and lays their cables anew, with other indexes, all in one go. */
export async function recreate(
  world: World,
  uplinks: readonly Uplink[],
  changes: Partial<Uplink>[],
): Promise<void> {
  const gone = uplinks.map(({ device }) => `link delete ${device}`);
  for (const [which, uplink] of uplinks.entries()) Object.assign(uplink, changes[which]);
  for (const uplink of uplinks) uplink.table = 1000 + uplink.index;
  await world.host.batch([
    ...gone,
    ...uplinks.map((uplink) => cableLine(uplink, world.host)),
    ...uplinks.flatMap((uplink) => [`link set ${uplink.device} up`, ...hostLines(uplink)]),
  ]);
  await Promise.all(uplinks.map((uplink) => uplink.router.batch(routerEndLines(uplink))));
}

/** One more uplink of that number, under a name of its own. */
export async function bring(world: World, number: number, name = `em${number}`): Promise<Uplink> {
  const uplink = await world.prepare(number), { device, router } = uplink;
  await router.ip(`link set ${device} netns ${world.host.name} name ${name}`);
  uplink.device = name;
  await world.host.batch([`link set ${name} up`, ...hostLines(uplink)]);
  return uplink;
}
