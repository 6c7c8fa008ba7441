// From a random state of the kernel to what a random host should have: at no step a wrong answer.

import assert from "node:assert/strict";
import { decide, type Wish } from "../model/decide.ts";
import { findHarm } from "../model/harm.ts";
import { Random, runSeed } from "../model/random.ts";
import { randomForeign, type RandomHost, randomHost, randomMain, worldText } from "../model/random_world.ts";
import { readWorld } from "../model/world.ts";

const WORLDS = 2000;

interface Example {
  readonly host: RandomHost;
  readonly addresses: readonly string[];
  readonly routes: readonly string[];
  readonly rules: readonly string[];
  readonly wish: Wish;
}

Deno.test(`at no step a wrong answer, in ${WORLDS} random worlds`, () => {
  const seed = runSeed();
  for (let i = 0; i < WORLDS; i++) {
    const example = randomExample(new Random(seed * 10_000 + i));
    if (harmOf(example) === undefined) continue;
    const { host, ...smallest } = shrunk(example);
    assert.fail(
      `SEED=${seed}, world ${i}: ${harmOf({ host, ...smallest })}\n` +
        JSON.stringify(
          { ...smallest, links: host.links, changes: changesOf({ host, ...smallest }) },
          null,
          2,
        ),
    );
  }
});

function harmOf({ wish, ...example }: Example): string | undefined {
  return findHarm(readWorld(worldText(example.host, example)), wish);
}

function changesOf({ wish, ...example }: Example): readonly string[] {
  return decide(readWorld(worldText(example.host, example)), wish).commands;
}

/** A host whose main has just become another, with what is left of its tables and rules, and others' beside them. */
function randomExample(random: Random): Example {
  const host = randomHost(random);
  const [before, now] = [randomMain(host, random), randomMain(host, random)];
  const was: Wish = random.chance(20) ? { tableBase: random.pick([999, 1001, 5000]) } : {};
  const wish: Wish = random.chance(5) ? { flush: true } : random.chance(10) ? { priority: 99 } : {};
  const placed = random.chance(20) ? { routes: [], rules: [] } : inPlace(host, { ...before, wish: was });
  const foreign = randomForeign(host, random);
  // What a table that is now another interface's held of a main that is gone cannot be told from others' routes.
  const isShifted = was.tableBase !== undefined && was.tableBase < 5000;
  const main = isShifted || random.chance(30) ? before : now;
  return {
    host,
    addresses: main.addresses,
    routes: [...main.routes, ...random.some(placed.routes, random.pick([100, 80])), ...foreign.routes],
    rules: [...random.some(placed.rules, random.pick([100, 80])), ...foreign.rules],
    wish,
  };
}

/** The rules and routes that a host has when all is well, as `ip` shows them. */
function inPlace(
  host: RandomHost,
  { wish, ...main }: { addresses: readonly string[]; routes: readonly string[]; wish: Wish },
): { routes: string[]; rules: string[] } {
  const commands = decide(readWorld(worldText(host, { ...main, rules: [] })), wish).commands;
  const after = (pattern: RegExp) =>
    commands.filter((command) => pattern.test(command)).map((command) => command.replace(pattern, ""));
  return {
    routes: after(/^ip (-6 )?route (append|replace) /),
    rules: after(/^ip (-6 )?rule add /)
      .map((rule) => rule.replace(/^(.*) priority (\d+) protocol (\d+)$/, "$2: $1 proto $3")),
  };
}

/** The smallest world that can be had of this one by leaving out lines, and that still does harm. */
function shrunk(example: Example): Example {
  let smallest = example, tried: Example[];
  do {
    tried = smaller(smallest);
    smallest = tried.find((one) => harmOf(one) !== undefined) ?? smallest;
  } while (tried.includes(smallest));
  return smallest;
}

function smaller(example: Example): Example[] {
  return (["routes", "rules", "addresses"] as const).flatMap((part) =>
    example[part].map((_, i) => ({ ...example, [part]: example[part].toSpliced(i, 1) }))
  );
}
