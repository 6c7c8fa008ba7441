// Fighters that do their worst as fast as the kernel lets them, and some that do it whenever the daemon has written.

import { flag } from "../lab/addressing.ts";
import { fighter, rushing } from "../lab/fighter.ts";
import { fight } from "../lab/fights.ts";

/** Each of so many changes has to be heard, and that is all. */
const share = 1;

/** `ip monitor` does not keep up. */
const but = /^netlink receive error/;

fight("thousands of times a second a route is replaced", {
  begin: ({ host, uplinks: [, second] }, family) => {
    const gateway = second[family].gateway.replace(/1$/, "9");
    return rushing(host, flag(family), [
      `route replace default via ${gateway} dev em2 table 1003 proto static metric 106`,
    ]);
  },
  ours: "^default via \\S+[.:]1 dev em2 table 1003",
  share,
  but,
});

fight("thousands of times a second a rule is moved", {
  begin: ({ host, uplinks: [, second] }, family) => {
    const { address } = second[family];
    return rushing(host, flag(family), [
      `rule delete from ${address} lookup 1003`,
      `rule add from ${address} lookup 1003 priority 100 protocol 115`,
    ]);
  },
  ours: "^27200:\\s+from \\S+ lookup 1003 ",
  share,
  but,
});

fight("two undo rules and routes whenever they are written", {
  begin: ({ host }, family) => {
    const ip = `ip ${flag(family)}`;
    const undo = (what: string, pattern: string, command: string) =>
      `ip ${flag(family)} monitor ${what} | while read -r line; do\n` +
      `case $line in Deleted*) ;; ${pattern}) ${command} ;; esac\ndone &`;
    return fighter(
      host,
      [
        undo("rule", "*27200:*lookup*1003*", `${ip} rule delete lookup 1003`),
        undo("route", "*em2*table*1003*", `${ip} route flush table 1003`),
        `${ip} rule delete lookup 1003`,
        `${ip} route flush table 1003`,
        "wait",
      ].join("\n"),
    );
  },
  ours: "^27200:\\s+from \\S+ lookup 1003 |^[^D].* dev em2 table 1003 ",
  places: 2,
  share,
  but,
});
