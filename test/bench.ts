// `deno task bench`: what symrouted costs, each figure beside a yardstick measured in the same run, in turns.

import { GROUP, Socket } from "../ffi/socket.ts";
import { Figures } from "./bench/figures.ts";
import { Host, program, ROUTES, timed } from "./bench/host.ts";
import { Pen, Reaction } from "./bench/reaction.ts";
import { isIsolated, isolate } from "./lab/isolation.ts";
import { cacheDependencies, offline } from "./lab/offline.ts";
import { setup } from "./setup.ts";

const TURNS = 7;
/** A fresh program has some tidying up to do before it is idle. */
const SETTLE_SECONDS = 12;
const IDLE_SECONDS = 10;

if (isIsolated()) await bench();
else {
  await setup("try");
  Deno.chdir(new URL("..", import.meta.url).pathname);
  await cacheDependencies(["src/main.ts", "test/bench.ts"]);
  const self = [Deno.execPath(), "run", "-A", "--cached-only", "test/bench.ts"];
  Deno.exit(await isolate(self, await offline()));
}

async function bench(): Promise<void> {
  const host = new Host();
  await host.build();
  const figures = new Figures();
  await start(figures);
  await idle(figures);
  await reactions("2 uplinks", figures);
  await host.fillMain();
  await fill(host, figures);
  await reactions(`${ROUTES} routes`, figures);
  await host.run([...program, "--flush"]);
}

async function start(figures: Figures): Promise<void> {
  const empty = await Deno.makeTempFile({ suffix: ".ts" });
  await timed([...program, "--once"]);
  for (let turn = 0; turn < TURNS; turn++) {
    figures.add("--once, 2 uplinks, nothing to do", await timed([...program, "--once"]));
    figures.add("empty Deno start", await timed([Deno.execPath(), "run", "-A", empty]));
    await timed([...program, "--flush"]);
    figures.add("--once, 2 uplinks, first time", await timed([...program, "--once"]));
  }
  await Deno.remove(empty);
  figures.print("ms", "empty Deno start");
}

async function fill(host: Host, figures: Figures): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    figures.add("ip -batch", await host.batchTime());
    figures.add(`--once, ${ROUTES} routes`, await timed([...program, "--once"]));
    figures.add(`--once again, nothing to do`, await timed([...program, "--once"]));
    figures.add("--flush", await timed([...program, "--flush"]));
  }
  figures.print("ms", "ip -batch");
}

/** CPU time, wake-ups and memory of a daemon to which nothing happens. */
async function idle(figures: Figures): Promise<void> {
  await using daemon = await Reaction.start();
  await seconds(SETTLE_SECONDS);
  const before = daemon.usage();
  await seconds(IDLE_SECONDS);
  const after = daemon.usage();
  figures.add(`CPU of ${IDLE_SECONDS} s`, after.cpu - before.cpu);
  figures.print("ms");
  figures.add(`wake-ups in ${IDLE_SECONDS} s`, after.wakeUps - before.wakeUps);
  figures.print("");
  figures.add("resident memory, 2 uplinks", after.memory);
  figures.print("MB");
}

function seconds(number: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, number * 1000));
}

/** From a write to main to the mirror's notification. */
async function reactions(size: string, figures: Figures): Promise<void> {
  await using daemon = await Reaction.start();
  using ear = Socket.open({ groups: [GROUP.route4], receiveBuffer: 1 << 20 });
  using pen = new Pen();
  for (const milliseconds of [2, 20]) {
    for (let turn = 0; turn < 200; turn++) {
      figures.add(
        `reaction, ${size}, ${milliseconds} ms apart`,
        await daemon.react({ ear, pen }, milliseconds),
      );
    }
  }
  figures.print("µs");
  figures.add(`resident memory, ${size}`, daemon.usage().memory);
  figures.print("MB");
}
