// Rules for addresses and rules for prefixes have to come to the same.

import assert from "node:assert/strict";
import { FAMILIES, type Family, formatPrefix, parsePrefix, type Prefix } from "../../src/model/address.ts";
import { ADDRESS_FLAG, TABLE } from "../../src/model/records.ts";
import type { Observed } from "../../src/plan/observed.ts";
import type { Rules } from "../../src/plan/options.ts";
import { decide, type Wish } from "./decide.ts";
import { FakeKernel } from "./fake_kernel.ts";
import { selects } from "./packets.ts";

/** Asserts that both kinds of rules lead every address that this host can send from to the same table. */
export function assertParity(observed: Observed, wish: Wish = {}): void {
  const of = (rules: Rules) => {
    const kernel = new FakeKernel(observed);
    for (const change of decide(observed, { ...wish, rules }).changes) kernel.apply(change);
    return kernel;
  };
  const [one, other] = [of("per-address"), of("per-prefix")];
  for (const family of FAMILIES) {
    for (const source of sourcesOf(family, observed)) {
      assert.equal(tableFor(other, source), tableFor(one, source), `${formatPrefix(source)}`);
    }
  }
}

/** Addresses that can be used, those beside them, and the first and the last of each prefix that is this host's own. */
function sourcesOf(family: Family, { addresses, links, families }: Observed): Prefix[] {
  const unusable = ADDRESS_FLAG.tentative | ADDRESS_FLAG.dadfailed;
  const own = addresses.filter((one) => one.family === family && !(one.flags & unusable));
  const { store } = families[family];
  const local = [...store.routedKeys()].filter((key) => store.table(store.first(key)) === TABLE.local);
  const whole = [
    ...local.map((key) => store.keys.destination(key)),
    ...own.filter(({ ifindex }) => family === 4 && links.get(ifindex)?.loopback)
      .map(({ ip, peer = ip, prefixLength }) => parsePrefix(`${peer}/${prefixLength}`)!),
  ];
  return [
    parsePrefix(family === 4 ? "0.0.0.0" : "::")!,
    ...own.map(({ ip }) => parsePrefix(ip)!),
    ...whole.flatMap(({ family, words, length }) => {
      const size = Math.min(64, 2 ** (32 * words.length - length));
      const at = (offset: number) => words.with(-1, words.at(-1)! + offset);
      return Array.from({ length: size }, (_, i) => ({ family, words: at(i), length: 32 * words.length }));
    }),
  ];
}

/** The table that our rules lead a source to; undefined where none does. */
export function tableFor(kernel: FakeKernel, source: Prefix): number | undefined {
  return kernel.rules[source.family].find((rule) => rule.protocol === 115 && selects(rule, source))?.table;
}
