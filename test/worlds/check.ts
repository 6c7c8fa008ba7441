// What has to hold when all is quiet.

import assert from "node:assert/strict";
import { client, families, type Family, flag } from "../lab/addressing.ts";
import { eventually } from "../lab/process.ts";
import type { Actor } from "./actor.ts";
import { compare, foreignOf } from "./foreign.ts";
import { covers, type Entry, type Interface, mirrored } from "./mirrors.ts";
import type { Script } from "./script.ts";
import { look, type Shown } from "./shown.ts";
import { examine, type Finding, interfacesOf, isTaken, leftovers, type Settings } from "./spec.ts";
import { cableOf, gateways, type Stage } from "./stage.ts";

export interface Tally {
  /** How many addresses answered the client. */
  readonly answered: number;
  /** How many routes the kernel refuses, so that a `throw` stands in. */
  readonly refused: number;
}

interface Scene {
  readonly stage: Stage;
  readonly actor: Actor;
  /** For how long what does not hold yet is waited for, in milliseconds. */
  readonly patience: number;
}

/** Throws where something does not hold, and goes on not to. */
export async function check(script: Script, { stage, actor, patience }: Scene): Promise<Tally> {
  await end(script, { stage, actor, patience });
  const settings = settingsOf(actor.flags);
  const tally = await eventually(async () => {
    const shown = await look(stage.host);
    const { wrong, standIns } = examine(shown, settings);
    const all = [...wrong, ...(isTidy(script) ? leftovers(shown) : [])];
    if (all.length > 0) throw new Error(`not as DESIGN.md, section 3, says:\n${all.join("\n")}`);
    for (const one of standIns) await assertRefused(one, stage);
    const objects = !flickers(script);
    const difference = compare(foreignOf(await look(stage.twin), { objects }), foreignOf(shown, { objects }));
    if (difference) throw new Error(`others' (- without us, + now):\n${difference}`);
    const answered = await assertAnswers(shown, { stage, settings, standIns });
    return { answered, refused: standIns.length };
  }, { within: patience });
  await eventually(() => assertAtRest({ stage, actor, patience }, tally), { within: patience });
  if (script.stays) await actor.assertWhole();
  if (script.flushed) await assertFlushed(script, { stage, actor, patience });
  return tally;
}

/** Whether nobody else has laid hands on our rules or routes: without a rule nobody can tell whose a table was. */
function isTidy({ setup, bursts }: Script): boolean {
  const events = [...setup, ...bursts.flatMap((burst) => burst.events)];
  const lines = events.flatMap((event) => "lines" in event ? event.lines : []);
  return !lines.some((line) =>
    /protocol 115|route (replace|append|del|flush) .*table [15][01]\d\d(?! proto 250)/.test(line)
  );
}

/** Whether a carrier is lost and back at once: one host may notice and drop its next hop objects, and the other not. */
function flickers({ bursts }: Script): boolean {
  return bursts.some(({ events }) =>
    events.some((event) => event.on === "outside" && event.lines.some((line) => line.endsWith(" down")))
  );
}

/** Brings the world to its last state: a daemon that follows, or one last `--once` when nothing moves any more. */
async function end({ stays }: Script, { stage, actor, patience }: Scene): Promise<void> {
  if (stays) return await actor.ready();
  await actor.obey("terminate");
  await eventually(async () => {
    const before = foreignOf(await look(stage.host), { objects: true });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const moving = compare(before, foreignOf(await look(stage.host), { objects: true }));
    assert.equal(moving, undefined, "the host comes to rest");
  }, { within: patience });
  await actor.obey("once");
}

export function settingsOf(flags: readonly string[]): Settings {
  const value = (name: string) => flags[flags.indexOf(name) + 1];
  const has = (name: string) => flags.includes(name);
  return {
    base: has("--table-base") ? Number(value("--table-base")) : 1000,
    priority: has("--priority") ? Number(value("--priority")) : 27200,
    exclude: has("--exclude") ? value("--exclude") : undefined,
    isolate: has("--isolate"),
    perPrefix: has("--rules") && value("--rules") === "per-prefix",
    mtu: has("--set-route-metric") ? Number(value("--set-route-metric").split("=")[1]) : undefined,
  };
}

/** Where a `throw` stands in for a route, the kernel has to refuse that route to anybody. */
async function assertRefused(
  { family, entry }: Finding["standIns"][number],
  { host }: Stage,
): Promise<void> {
  const words = [entry.dst === "default" && family === "IPv6" ? "::/0" : entry.dst, "table", "9999"];
  if (entry.tos !== "0") words.push("tos", entry.tos!);
  const hops = entry.hops.map((
    { gateway, dev, flags },
  ) => [...(gateway ? ["via", gateway] : []), "dev", dev!, ...flags]);
  words.push(...hops.length === 1 ? hops[0] : hops.flatMap((hop) => ["nexthop", ...hop]));
  if (entry.prefsrc) words.push("src", entry.prefsrc);
  const { code } = await host.run(["ip", flag(family), "route", "add", ...words]);
  if (code !== 0) return;
  await host.run(["ip", flag(family), "route", "flush", "table", "9999"]);
  throw new Error(`a throw stands in for a route that the kernel takes: ip route add ${words.join(" ")}`);
}

/** That every uplink address whose way back is open answers; gives how many these are. */
async function assertAnswers(
  shown: Shown,
  { stage, settings, standIns }: { stage: Stage; settings: Settings; standIns: Finding["standIns"] },
): Promise<number> {
  const addresses = families.flatMap((family) => {
    // Main's own way is one that the kernel would refuse today: no reply is to be had by it.
    const refused = standIns.filter((one) => one.family === family).map(({ dev }) => dev);
    return expected(family, { shown, settings, refused });
  });
  await stage.connect(shown);
  const silent = await stage.silent(addresses);
  if (silent.length > 0) throw new Error(`these uplink addresses do not answer: ${silent.join(", ")}`);
  return addresses.length;
}

function expected(
  family: Family,
  { shown, settings, refused }: { shown: Shown; settings: Settings; refused: readonly string[] },
): string[] {
  const interfaces = interfacesOf(family, { shown, settings });
  const main = shown.routes[family].filter(({ table }) => table === "main");
  const { isolate } = settings;
  return interfaces
    .filter((one) =>
      one.wanted && one.role === "uplink" && isTaken(one, { shown, family }) && hasCarrier(one)
    )
    // Where the kernel refuses a route, main decides.
    .filter((one) => !refused.includes(one.link.ifname))
    .filter((one) => isOpen(mirrored(one, { main, family, interfaces, isolate }), { one, shown, family }))
    .flatMap(({ addresses }) => addresses.map(within));
}

/** An address of an AnyIP prefix; an address is its own. */
function within(prefix: string): string {
  if (!prefix.includes("/")) return prefix;
  const [ip] = prefix.split("/");
  return ip.includes(":") ? `${ip}1` : ip.replace(/\d+$/, (last) => String(Number(last) + 1));
}

function hasCarrier({ link }: Interface): boolean {
  return link.flags.includes("UP") && link.flags.includes("LOWER_UP");
}

/** Whether the best of these routes to the client leads to a gateway behind the interface's own cable. */
function isOpen(
  { should, may }: { should: readonly Entry[]; may: readonly Entry[] },
  { one, shown, family }: { one: Interface; shown: Shown; family: Family },
): boolean {
  const cable = cableOf(shown, one.link.ifname);
  const ways = [...should, ...may].filter(({ dst, tos }) =>
    tos === "0" && (dst === client[family] || covers(dst, client[family]))
  ).sort((a, b) => Number(covers(a.dst, b.dst)) - Number(covers(b.dst, a.dst)) || a.metric - b.metric);
  // Whom routes for some sources concern is left open.
  if (ways.some(({ from }) => from !== "")) return false;
  const [best] = ways;
  return cable !== undefined && best?.type === "unicast" &&
    best.hops.every(({ dev, gateway }) =>
      dev === one.link.ifname && gateways[family](cable).includes(gateway!)
    );
}

/** That a second look would change nothing, but for what the kernel refuses, and that nothing is written meanwhile. */
async function assertAtRest({ stage, actor }: Scene, { refused }: Tally): Promise<void> {
  await using monitor = stage.host.spawn(["ip", "monitor", "route", "rule"]);
  const { code, stdout } = await actor.run(["--dry-run"]);
  const changes = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  // For what would be accepted, IPv6's sockets would be made to ask anew.
  const known = refused > 0 &&
    changes.every((change) =>
      / route (append|replace|del) |^ip -6 rule (add|del) .* priority \d*1 /.test(change)
    );
  if (!known) assert.deepEqual([code, changes], [0, []], "--dry-run");
  await monitor.stop();
  assert.equal(monitor.text, "", "what is written though nothing happens");
}

/** That `--flush` leaves nothing of ours, and all else as it is on the twin. */
async function assertFlushed(script: Script, { stage, actor }: Scene): Promise<void> {
  await actor.obey("terminate");
  const { code, stderr } = await actor.run(["--flush"]);
  assert.equal(code, 0, `--flush: ${stderr}`);
  const shown = await look(stage.host);
  for (const family of families) {
    assert.deepEqual(shown.rules[family].filter(({ protocol }) => protocol === "115"), [], "after --flush");
  }
  const objects = !flickers(script);
  const difference = compare(foreignOf(await look(stage.twin), { objects }), foreignOf(shown, { objects }));
  assert.equal(difference, undefined, "others' after --flush");
  if (isTidy(script)) assert.deepEqual(leftovers(shown), [], "after --flush");
}
