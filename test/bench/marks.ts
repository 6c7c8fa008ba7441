// `deno task bench-marks`: what connection marks cost the traffic that goes through a host to a published port, measured in
// turns with and without the mode.

import { cacheDependencies, offline } from "../lab/offline.ts";
import { Inner } from "../lab/inner.ts";
import { isIsolated, isolate } from "../lab/isolation.ts";
import { publish } from "../lab/published.ts";
import { once } from "../lab/symrouted.ts";
import { World } from "../lab/world.ts";
import { setup } from "../setup.ts";
import { Figures } from "./figures.ts";

const TURNS = 11, SECONDS = "2";
const FOLDER = new URL("../..", import.meta.url).pathname;

if (isIsolated()) await bench();
else {
  await setup("test");
  Deno.chdir(FOLDER);
  await cacheDependencies(["src/main.ts", "test/bench/marks.ts"]);
  const self = [Deno.execPath(), "run", "-A", "--cached-only", "test/bench/marks.ts"];
  Deno.exit(await isolate(self, await offline()));
}

async function bench(): Promise<void> {
  const traffic = await compile();
  try {
    await using world = await World.build({});
    await using container = await Inner.create(world, "docker0");
    await publish(world.host, "docker0");
    await container.space.spawn([traffic, "echo", "80"]).line(/listening/);
    const [{ IPv4: { address } }] = world.uplinks;
    const rate = async (of: string) =>
      Number(await world.client.must([traffic, of, address, "8080", SECONDS]));
    const figures = new Figures();
    for (const  of of["packets", "connections"]) {
      for (let turn = 0; turn < TURNS; turn++) {
        await once(world.host);
        figures.add(`${of} without marks`, await rate(of));
        await once(world.host, ["--connmark"]);
        figures.add(`${of} with marks`, await rate(of));
      }
      figures.print("/s", `${of} without marks`);
    }
  } finally {
    await Deno.remove(traffic);
  }
}

/** The program of traffic.c. */
async function compile(): Promise<string> {
  const path = await Deno.makeTempFile();
  const source = `${FOLDER}test/bench/traffic.c`;
  const { success, stderr } = await new Deno.Command("cc", { args: ["-O2", "-o", path, source] }).output();
  if (!success) throw new Error(`cc: ${new TextDecoder().decode(stderr)}`);
  return path;
}
