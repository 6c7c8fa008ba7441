// Random routes through the kernel: written by our codec or by `ip` from our text, and read back the same.

import assert from "node:assert/strict";
import { FLAG, MESSAGE } from "../../ffi/message.ts";
import { FAMILIES, formatPrefix } from "../../src/model/address.ts";
import { TYPE } from "../../src/model/records.ts";
import { routeText } from "../../src/model/text.ts";
import type { Namespace } from "../lab/netns.ts";
import type { Codec } from "./codec.ts";
import { ifindexes, inside } from "./inside.ts";
import { kernelSamples, prepare } from "./kernel_sample.ts";
import { Random, SEED } from "./random.ts";
import { RouteReader, write } from "./routes.ts";
import type { Sample } from "./sample.ts";

const COUNT = 400;
const TABLES = [199, 5_000_000];

for (const family of FAMILIES) {
  for (const table of TABLES) {
    inside(
      `IPv${family}: what is written into table ${table} reads back the same (SEED=${SEED})`,
      async (host) => {
        const worlds = await prepare(host);
        const samples = kernelSamples(new Random(SEED + table), worlds[family], { count: COUNT, table });
        using kernel = new RouteReader();
        write(kernel.codec, samples);
        assertSame(kernel.read(family, table), samples, kernel.codec);
      },
    );
  }

  inside(
    `IPv${family}: what \`ip\` makes of our text is what we would have written (SEED=${SEED})`,
    async (host) => {
      const worlds = await prepare(host);
      const samples = kernelSamples(new Random(SEED + 1), worlds[family], { count: COUNT, table: 1002 });
      await addByIp(host, samples);
      using kernel = new RouteReader();
      assertSame(kernel.read(family, 1002), samples, kernel.codec);
    },
  );
}

for (const family of FAMILIES) {
  inside(`IPv${family}: a delete takes the route that it names (SEED=${SEED})`, async (host) => {
    const worlds = await prepare(host);
    const random = new Random(SEED + 2);
    const samples = kernelSamples(random, worlds[family], { count: COUNT, table: 1002 });
    using kernel = new RouteReader();
    write(kernel.codec, samples);
    const gone = new Set(random.some(samples, 0.5));
    write(kernel.codec, [...gone], { type: MESSAGE.delRoute, flags: 0 });
    assertSame(kernel.read(family, 1002), samples.filter((sample) => !gone.has(sample)), kernel.codec);
  });
}

inside(
  `IPv4: of routes with one key and metric the delete takes the one that it names (SEED=${SEED})`,
  async (host) => {
    const worlds = await prepare(host);
    const random = new Random(SEED + 3);
    using kernel = new RouteReader();
    for (let number = 0; number < 50; number++) {
      const all = kernelSamples(random, worlds[4], { count: 6, table: 1002 });
      const paths = all.filter(({ path }) => path.type === TYPE.unicast).map(({ path }) => path);
      const twins = paths.map((path) => ({ ...all[0], path }));
      write(kernel.codec, twins, { flags: FLAG.create | FLAG.append });
      for (const twin of random.shuffled(twins)) {
        write(kernel.codec, [twin], { type: MESSAGE.delRoute, flags: 0 });
        twins.splice(twins.indexOf(twin), 1);
        assert.deepEqual(kernel.read(4, 1002), twins);
      }
    }
  },
);

inside("IPv4: a ban's realms are kept", async (host) => {
  await host.ip("route add blackhole 10.9.0.0/16 realms 3/7 table 1002");
  using kernel = new RouteReader();
  const [sample] = kernel.read(4, 1002);
  write(kernel.codec, [{ ...sample, table: 1003 }]);
  assert.equal(await host.ip("route show table 1003"), await host.ip("route show table 1002"));
});

/** One `ip` for each route: in a batch it takes a protocol's name for the number that came before (iproute2 6.1). */
async function addByIp(host: Namespace, samples: readonly Sample[]): Promise<void> {
  const names = new Map(Object.entries(await ifindexes(host)).map(([name, index]) => [index, name]));
  const lines = samples.map((sample) => {
    const destination = formatPrefix({ ...sample });
    const text = routeText({ ...sample, destination }, (index) => names.get(index)!);
    return `ip -${sample.family} route add ${text} || { echo ${text}; exit 1; } >&2`;
  });
  await host.must(["sh"], { stdin: lines.join("\n") });
}

/** Compares the routes one by one, and the numbers of their paths. */
function assertSame(found: readonly Sample[], wanted: readonly Sample[], codec: Codec): void {
  const keyOf = ({ words, length, tos, source }: Sample) => `${words}/${length} tos ${tos} from ${source}`;
  const byKey = new Map(found.map((sample) => [keyOf(sample), sample]));
  for (const sample of wanted) {
    const same = byKey.get(keyOf(sample));
    assert.deepEqual(same, sample);
    assert.equal(codec.paths.intern(same!.path), codec.paths.intern(sample.path));
  }
  assert.equal(found.length, wanted.length);
}
