// What may go wrong while changes are made one by one: looked for after every single one.

import { FAMILIES, formatIp, parsePrefix, type Prefix } from "../../src/model/address.ts";
import { type Path, TABLE } from "../../src/model/records.ts";
import { DEFAULTS } from "../../src/plan/options.ts";
import type { Observed } from "../../src/plan/observed.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { decide, type Wish } from "./decide.ts";
import { FakeKernel, type Flow, KernelError } from "./fake_kernel.ts";
import { FOREIGN } from "./random_world.ts";

/**
 * Makes the changes that are decided for a world, and gives the first harm done, in words; undefined where
 * - for each local address and each prefix the answer is the one before, main's, or the final one, after every step;
 * - nothing is left to be done in the end;
 * - what is not ours is there as it was.
 */
export function findHarm(observed: Observed, wish: Wish): string | undefined {
  const decision = decide(observed, wish);
  const kernel = new FakeKernel(observed);
  const left = new Set(decision.left.map(({ family, table, key, metric, path }) => {
    return [family, table, key, metric, path].join(" ");
  }));
  const flows = flowsOf(observed);
  const look = (observed: Observed) =>
    othersOf(observed, { ...decision.plan, base: wish.tableBase ?? DEFAULTS.tableBase });
  const others = look(observed);
  const history = [flows.map((flow) => answerOf(kernel, flow, left))];
  for (const [i, change] of decision.changes.entries()) {
    try {
      kernel.apply(change);
    } catch (error) {
      if (error instanceof KernelError) return `${decision.commands[i]}: ${error.message}`;
      throw error;
    }
    history.push(flows.map((flow) => answerOf(kernel, flow, left)));
  }
  const after = kernel.observe();
  const undone = decide(after, wish).commands;
  if (undone.length > 0) return `left to be done: ${undone.join("; ")}`;
  if (look(after) !== others) return `others' before: ${others}\nafter: ${look(after)}`;
  return wrongAnswer(history, { flows, kernel, commands: decision.commands });
}

const OTHERS = "another program's route";

function wrongAnswer(
  history: readonly (readonly string[])[],
  { flows, kernel, commands }: { flows: readonly Flow[]; kernel: FakeKernel; commands: readonly string[] },
): string | undefined {
  for (const [at, flow] of flows.entries()) {
    const right = new Set([OTHERS, history[0][at], mainsAnswer(kernel, flow), history.at(-1)![at]]);
    const step = history.findIndex((answers) => !right.has(answers[at]));
    if (step < 0) continue;
    const [from, to] = [flow.source, flow.destination].map(({ family, words }) => formatIp(family, words));
    return `after ${commands[step - 1]}\n${from} -> ${to} takes ${history[step][at]}\nnot any of ${
      [...right].join("\n  or ")
    }`;
  }
  return undefined;
}

/** From each local address to an address in each prefix that any table knows. */
function flowsOf({ addresses, families }: Observed): Flow[] {
  return FAMILIES.flatMap((family) => {
    const { store } = families[family];
    const destinations = new Map<string, Prefix>();
    for (const key of store.routedKeys()) {
      const { words } = store.keys.destination(key);
      const inside = words.map((word, i) => i === words.length - 1 ? (word | 9) >>> 0 : word);
      destinations.set(inside.join(), { family, words: inside, length: words.length * 32 });
    }
    const sources = addresses.filter((address) => address.family === family).map(({ ip }) =>
      parsePrefix(ip)!
    );
    return sources.flatMap((source) =>
      [...destinations.values()].map((destination) => ({ source, destination }))
    );
  });
}

function answerOf(kernel: FakeKernel, flow: Flow, left: ReadonlySet<string>): string {
  const route = kernel.answer(flow);
  if (!route) return "no route";
  const { table, key, metric, path } = route, { family } = flow.source;
  // What is left as others' in our tables shows when ours goes.
  const isLeft = left.has([family, table, key, metric, path].join(" "));
  return isLeft ? OTHERS : wayOf(kernel.path(family, route));
}

/** What the host would answer without us: by main and others' rules. */
function mainsAnswer(kernel: FakeKernel, flow: Flow): string {
  const { family } = flow.source;
  const others = kernel.rules[family].filter(({ protocol }) => protocol !== DEFAULTS.protocol);
  const route = kernel.answer(flow, others);
  return route ? wayOf(kernel.path(family, route)) : "no route";
}

const ways = new WeakMap<Path, string>();

function wayOf(path: Path): string {
  let way = ways.get(path);
  if (way === undefined) {
    const nexthops = path.nexthops.map(({ gateway, ifindex, weight }) =>
      `${gateway} dev ${ifindex} weight ${weight}`
    );
    ways.set(path, way = JSON.stringify([path.type, nexthops, path.prefsrc, path.metrics]));
  }
  return way;
}

/**
 * What is certainly not ours, as one text: others' rules; the routes of others' tables; and in an interface's table what
 * leads out by another interface. A route by the table's own interface looks like ours whoever made it.
 */
function othersOf({ families, links }: Observed, plan: Plan & { base: number }): string {
  return JSON.stringify(FAMILIES.map((family) => {
    const { rules, store } = families[family], { inside } = plan.families[family];
    const isOthers = (slot: number) => {
      const table = store.table(slot), path = store.paths.get(store.path(slot));
      if (table <= TABLE.local || path.protocol !== FOREIGN) return table <= TABLE.local;
      const [{ ifindex }] = path.nexthops;
      return links.has(table - plan.base) && table - plan.base !== ifindex && !inside.has(ifindex);
    };
    const routes = [...store.slots()].filter(isOthers)
      .map((slot) => [store.table(slot), store.keyOf(slot), store.metric(slot), store.path(slot)].join(" "));
    return [rules.filter(({ protocol }) => protocol !== DEFAULTS.protocol), routes.sort()];
  }));
}
