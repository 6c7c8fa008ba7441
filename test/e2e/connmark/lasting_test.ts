// Connections that are open while uplinks come and go and the daemon is started anew: none is broken but those of the uplink
// that is gone, and each keeps its mark.

import assert from "node:assert/strict";
import { families } from "../../lab/addressing.ts";
import { connections } from "../../lab/conntrack.ts";
import { script } from "../../lab/deno.ts";
import { Inner } from "../../lab/inner.ts";
import { eventually, pause, type Process } from "../../lab/process.ts";
import { publish } from "../../lab/published.ts";
import { assertAnswers, byAll } from "../../lab/questions.ts";
import { bring, recreate } from "../../lab/recreate.ts";
import { scenario } from "../../lab/scenario.ts";
import { Daemon } from "../../lab/symrouted.ts";
import { hostLines, type Uplink, type World } from "../../lab/world.ts";

/** To each of six addresses. */
const EACH = 170;

scenario(
  "a thousand connections outlive a restart, and uplinks that come, go, are renamed and made anew",
  async (world) => {
    const { host } = world;
    await using container = await Inner.create(world, "docker0");
    await container.serve();
    await publish(host, "docker0");
    let daemon = await Daemon.start(host, ["--connmark"]);
    const crowd = await Crowd.open(world);
    const marks = await marksOf(world);
    assert.equal(marks.size, EACH * 6);
    assert.equal(new Set(marks.values()).size, 3);
    await crowd.assertAlive();

    await daemon.stop();
    await crowd.assertAlive();
    daemon = await Daemon.start(host, ["--connmark"]);
    await crowd.assertAlive();
    assert.deepEqual(await marksOf(world), marks);

    await bring(world, 4);
    await bring(world, 5, "aa0");
    await eventually(() => assertAnswers(world, byAll));
    await crowd.assertAlive();
    assert.deepEqual(await marksOf(world), marks);

    await host.ip("link delete em3");
    crowd.given.delete(world.uplink(3));
    await crowd.assertAlive();
    assert.deepEqual(await marksOf(world), marks);

    await recreate(world, [world.uplink(1)], [{ index: 77 }]);
    await crowd.assertAlive();
    assert.deepEqual(await marksOf(world), marks);

    // Kernels before 6.2 want it down for that.
    if ((await host.attempt([], ["link set em2 name wan2"])) === "") {
      await crowd.assertAlive();
      assert.deepEqual(await marksOf(world), marks);
    }
    await daemon.stop();
    await crowd.assertAlive();
  },
  { uplinks: 3, rpFilter: 1 },
);

for (const args of [[], ["--connmark"]]) {
  scenario(
    `who asks all the while gets answers from an uplink that comes or is renamed (${args})`,
    async (world) => {
      const { host, client } = world;
      await using daemon = await Daemon.start(host, args);
      const third = await world.prepare(3);
      // One connection each, as long as it asks.
      const pings = families.map((family) =>
        client.spawn(["ping", "-n", "-i", "0.01", third[family].address])
      );
      await third.router.ip(`link set em3 netns ${host.name} address 02:00:00:00:00:03`);
      // What it asks comes before the daemon has seen the uplink.
      await third.router.batch(
        families.map((family) =>
          `neighbour replace ${third[family].address} dev host lladdr 02:00:00:00:00:03`
        ),
      );
      daemon.process.signal("SIGSTOP");
      await host.ip("link set em3 up");
      await host.batch(hostLines(third));
      await pause(300);
      daemon.process.signal("SIGCONT");
      for (const ping of pings) await ping.line(/ bytes from /);
      if ((await host.attempt([], ["link set em3 name wan3"])) !== "") return;
      for (const ping of pings) await ping.line(/ bytes from /, { from: ping.lines.length + 50 });
    },
  );
}

/** Connections of the client's to each address of the first uplinks. */
class Crowd {
  /** The uplinks whose connections have to live. */
  readonly given: Set<Uplink>;

  private constructor(readonly process: Process, readonly uplinks: readonly Uplink[]) {
    this.given = new Set(uplinks);
  }

  static async open({ client, uplinks }: World): Promise<Crowd> {
    const addresses = uplinks.flatMap((uplink) => families.map((family) => uplink[family].address));
    const process = client.spawn([...script("crowd.ts"), String(EACH), ...addresses]);
    await process.line(/open/, { within: 20_000 });
    return new Crowd(process, [...uplinks]);
  }

  /** Asserts that all connections are answered, but those of uplinks that are gone. */
  async assertAlive(): Promise<void> {
    const from = this.process.lines.length;
    this.process.signal("SIGUSR1");
    await eventually(() => {
      const line = this.process.lines.slice(from).at(-1)?.text ?? "";
      const counts: number[] = JSON.parse(line.split(" ")[1] ?? "[]");
      const answered = this.uplinks.map((
        uplink,
        which,
      ) => [uplink.device, ...counts.slice(2 * which, 2 * which + 2)]);
      const wanted = this.uplinks.map((uplink) => {
        const count = this.given.has(uplink) ? EACH : 0;
        return [uplink.device, count, count];
      });
      assert.deepEqual(answered, wanted);
    }, { within: 10_000 });
  }
}

/** The mark of each connection to the published port, by where it comes from and goes to. */
async function marksOf({ host }: World): Promise<Map<string, number>> {
  const all = (await connections(host)).filter(({ port, protocol }) => port === 8080 && protocol === "tcp");
  // Those that only asked are closed.
  const open = all.filter(({ state }) => state === "ESTABLISHED");
  return new Map(
    open.map(({ fromPort, to, mark }) => [`${fromPort} ${to}`, mark]).sort() as [string, number][],
  );
}
