// Route metrics by ip-route(8)'s names.

import assert from "node:assert/strict";
import { metricWords, parseMetric, withOverrides } from "../../src/model/metrics.ts";

const good: [text: string, id: number, value: number | string][] = [
  ["mtu=1400", 2, 1400],
  ["mtu=65520", 2, 65520],
  ["window=4294967295", 3, 4294967295],
  ["rtt=100ms", 4, 800],
  ["rtt=1s", 4, 8000],
  ["rtt=100", 4, 100],
  ["rttvar=10ms", 5, 40],
  ["ssthresh=0x10", 6, 16],
  ["cwnd=7", 7, 7],
  ["advmss=65495", 8, 65495],
  ["reordering=3", 9, 3],
  ["hoplimit=255", 10, 255],
  ["initcwnd=20", 11, 20],
  ["features=ecn", 12, 1],
  ["features=ecn tcp_usec_ts", 12, 17],
  ["features=ecn,tcp_usec_ts", 12, 17],
  ["features=0", 12, 0],
  ["rto_min=0.2s", 13, 200],
  ["rto_min=1.5ms", 13, 2],
  ["initrwnd=20", 14, 20],
  ["quickack=1", 15, 1],
  ["congctl=bbr", 16, "bbr"],
  ["fastopen_no_cookie=0", 17, 0],
  [" mtu = 1400 ", 2, 1400],
];
for (const [text, id, value] of good) {
  Deno.test(`${text} is metric ${id} of ${value}`, () =>
    assert.deepEqual(parseMetric(text).metric, [id, value]));
}

const bad: [text: string, error: RegExp][] = [
  ["mtu", /^mtu is not NAME=VALUE/],
  ["=1400", /^ is no route metric \(mtu, window/],
  ["constructor=1", /^constructor is no route metric/],
  ["lock=1", /^lock is no route metric/],
  ["MTU=1400", /^MTU is no route metric/],
  ["mtu=", /^mtu: nothing is not a number of at most 65520$/],
  ["mtu=65521", /^mtu: 65521 is not a number of at most 65520$/],
  ["mtu=-1", /^mtu: -1 is not a number/],
  ["mtu=1e3", /^mtu: 1e3 is not a number/],
  ["mtu=1400.0", /is not a number/],
  ["mtu=1400ms", /is not a number/],
  ["advmss=65496", /at most 65495/],
  ["hoplimit=256", /at most 255/],
  ["window=4294967296", /at most 4294967295/],
  ["rtt=1m", /a time \(such as 200ms\) or a number/],
  ["rtt=-1s", /a time/],
  ["rtt=536870912s", /at most 4294967295/],
  ["quickack=2", /at most 1/],
  ["quickack=lock 1", /^quickack cannot be locked$/],
  ["rto_min=lock 1s", /^rto_min cannot be locked$/],
  ["congctl=", /nothing is no name of a congestion control/],
  ["congctl=bbr2; reboot", /no name of a congestion control/],
  ["congctl=abcdefghijklmnop", /no name of a congestion control/],
  ["features=toString", /^features: toString is none of ecn, tcp_usec_ts$/],
  ["features=32", /at most 31/],
];
for (const [text, error] of bad) {
  Deno.test(`'${text}' is refused`, () => {
    assert.throws(
      () => parseMetric(text),
      (thrown) => thrown instanceof SyntaxError && error.test(thrown.message),
    );
  });
}

Deno.test("a lock is heard; rto_min has one always", () => {
  assert.equal(parseMetric("mtu=lock 1400").lock, true);
  assert.equal(parseMetric("mtu=1400").lock, false);
  assert.equal(parseMetric("rto_min=200ms").lock, true);
});

Deno.test("overrides keep metrics in order, and the locks right", () => {
  const all = (metrics: [number, number | string][], ...texts: string[]) =>
    metricWords(withOverrides(metrics, texts.map(parseMetric))).join(" ");
  assert.equal(all([[8, 1300], [2, 1500]]), "mtu 1500 advmss 1300");
  assert.equal(all([[1, 4], [2, 1500]], "advmss=lock 1300"), "mtu lock 1500 advmss lock 1300");
  assert.equal(all([[1, 4], [2, 1500]], "mtu=0"), "");
  assert.equal(all([], "mtu=0"), "");
  assert.equal(all([], "features=ecn tcp_usec_ts"), "features ecn tcp_usec_ts");
  assert.deepEqual(withOverrides([[1, 4], [2, 1500]], [parseMetric("mtu=0")]), []);
  assert.deepEqual(withOverrides([[1, 4], [2, 1500]], []), [[1, 4], [2, 1500]]);
});

Deno.test("a metric that is not known is kept, though it has no word", () => {
  assert.deepEqual(withOverrides([[40, 7]], [parseMetric("mtu=1400")]), [[2, 1400], [40, 7]]);
  assert.deepEqual(metricWords([[40, 7]]), []);
});
