// From whatever a random host has to what it should have, again and again: at no step a wrong answer.

import assert from "node:assert/strict";
import { parseMetric } from "../../src/model/metrics.ts";
import type { Wish } from "../model/decide.ts";
import { type Settled, settleWatched } from "../model/harm.ts";
import { Random, runSeed } from "../model/random.ts";
import { changedHost, changedMain, randomForeign, randomHost, randomMain } from "../model/random_world.ts";
import { Atlas, type Chapter, Scene, type Story } from "../model/story.ts";

/** Each is put right from what the one before has left, and looked at after every single write. */
const WORLDS = 10_000;

Deno.test(`at no step a wrong answer, in ${WORLDS} random worlds`, () => {
  const seed = runSeed();
  let atlas = new Atlas();
  for (let worlds = 0, number = 0; worlds < WORLDS; number++) {
    // The more paths it has, the longer they are looked through.
    if (number % 32 === 0) atlas = new Atlas();
    const story = randomStory(new Random(seed * 10_000 + number));
    worlds += story.chapters.length;
    if (harmOf(story, atlas) !== undefined) fail(story, `SEED=${seed}, story ${number}`);
  }
});

/** The first harm that is done in a story. */
function harmOf({ foreign, chapters }: Story, atlas = new Atlas()): string | undefined {
  const scene = new Scene(foreign, atlas);
  let before: Settled | undefined;
  for (const chapter of chapters) {
    const held = chapter.runs ? before?.held : undefined;
    before = settleWatched(scene.begin(chapter, before), { wish: { ...chapter.wish, held }, before });
    if (before.harm) return before.harm;
  }
  return undefined;
}

function randomStory(random: Random): Story {
  let host = randomHost(random), main = randomMain(host, random), wish = randomWish(random);
  const foreign = randomForeign(host, random);
  const chapters: Chapter[] = [{ host, main, wish, runs: false, lost: [] }];
  for (let i = random.int(4); i > 0; i--) {
    const change = random.int(100);
    // Old numbers and new ones, beside a main that is another too, have answers of their own on the way.
    if (change < 15) {
      wish = random.chance(50) ? { ...wish, isolate: !wish.isolate } : randomWish(random);
      chapters.push({ host, wish, runs: false, lost: [] });
      continue;
    }
    const lost = random.chance(40) ? random.some([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], random.pick([10, 50])) : [];
    if (change < 30) host = changedHost(host, random);
    main = change < 50 ? randomMain(host, random) : changedMain(main, { host, random });
    chapters.push({ host, main, wish, runs: random.chance(70), lost });
  }
  return { foreign, chapters };
}

function randomWish(random: Random): Wish {
  const rules: Wish = random.chance(30) ? { rules: "per-prefix" } : {};
  const marks: Wish = random.chance(30) ? { connmark: true, markPriority: 98 } : {};
  return { ...rules, ...marks, ...randomNumbers(random) };
}

function randomNumbers(random: Random): Wish {
  return random.pick<Wish>([
    ...[{}, {}, {}, {}, {}, {}, {}, { flush: true }, { priority: 99 }, { exclude: ["em2"] }],
    { tableBase: random.pick([999, 1001, 5000]) },
    { roles: [{ glob: "em3", role: random.pick(["inside", "stub", "uplink"]) }] },
    { metrics: [parseMetric("mtu=1300")] },
    ...[{ isolate: true }, { isolate: true }, { isolate: true }],
    { isolate: true, roles: [{ glob: "em3", role: random.pick(["inside", "stub", "uplink"]) }] },
  ]);
}

function fail(story: Story, name: string): never {
  const smallest = shrunk(story);
  assert.fail(`${name}: ${harmOf(smallest)}\n${JSON.stringify(smallest, null, 2)}`);
}

/** The smallest story that can be had of this one by leaving out lines, and that still does harm. */
function shrunk(story: Story): Story {
  let smallest = story, tried: Story[];
  do {
    tried = smaller(smallest);
    smallest = tried.find((one) => harmOf(one) !== undefined) ?? smallest;
  } while (tried.includes(smallest));
  return smallest;
}

function smaller({ foreign, chapters }: Story): Story[] {
  return [
    ...chapters.map((_, i) => ({ foreign, chapters: chapters.toSpliced(i, 1) })),
    ...chapters.flatMap((chapter, i) =>
      smallerChapters(chapter).map((one) => ({ foreign, chapters: chapters.with(i, one) }))
    ),
    ...(["routes", "rules"] as const).flatMap((part) =>
      foreign[part].map((_, j) => ({
        chapters,
        foreign: { ...foreign, [part]: foreign[part].toSpliced(j, 1) },
      }))
    ),
  ];
}

function smallerChapters(chapter: Chapter): Chapter[] {
  const { main, lost } = chapter;
  return [
    ...lost.map((_, i) => ({ ...chapter, lost: lost.toSpliced(i, 1) })),
    ...(["routes", "addresses"] as const).flatMap((part) =>
      main?.[part].map((_, i) => ({ ...chapter, main: { ...main, [part]: main[part].toSpliced(i, 1) } })) ??
        []
    ),
  ];
}
