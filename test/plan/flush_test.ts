// `--flush`: all that is ours goes, and nothing else.

import { assertCommands } from "../model/decide.ts";

const links = "2: em1 up\n3: em2 up";
const addresses = "10.0.0.2/16 dev em1\n2001:db8::2/64 dev em1";
const main = "default via 10.0.0.1 dev em1 proto static\n10.0.0.0/16 dev em1 scope link";

Deno.test("routes go shortest first, then the rules, in both families", () => {
  assertCommands(
    {
      links,
      addresses,
      routes: `${main}
      default via 10.0.0.1 dev em1 table 1002 proto static
      10.0.0.0/16 dev em1 table 1002 scope link`,
      routes6: "2001:db8:7::/48 via fe80::1 dev em1 table 1002 metric 1024",
      rules: "27200: from 10.0.0.2 lookup 1002 proto 115\n27200: from 10.0.0.3 lookup 1002 proto 115",
      rules6: "27200: from 2001:db8::2 lookup 1002 proto 115",
    },
    `
    ip route del default via 10.0.0.1 dev em1 table 1002 proto static
    ip route del 10.0.0.0/16 dev em1 table 1002 proto boot scope link
    ip -6 route del 2001:db8:7::/48 via fe80::1 dev em1 table 1002 proto boot metric 1024
    ip rule del from 10.0.0.2 lookup 1002 priority 27200 protocol 115
    ip rule del from 10.0.0.3 lookup 1002 priority 27200 protocol 115
    ip -6 rule del from 2001:db8::2 lookup 1002 priority 27200 protocol 115`,
    { flush: true },
  );
});

Deno.test("rules of another priority, table or version that are ours go too", () => {
  assertCommands(
    {
      ...{ links, addresses, routes: main },
      rules: `
      99: from 10.9.9.9 lookup 7000 proto 115
      32764: from 10.0.0.0/16 iif lo lookup 1002 proto 115
      32765: from 10.0.0.2 lookup 1002`,
    },
    `
    ip rule del from 10.9.9.9 lookup 7000 priority 99 protocol 115
    ip rule del from 10.0.0.0/16 iif lo lookup 1002 priority 32764 protocol 115
    ip rule del from 10.0.0.2 lookup 1002 priority 32765`,
    { flush: true },
  );
});

Deno.test("main, others' rules, and others' tables stay", () => {
  assertCommands(
    {
      ...{ links, addresses },
      routes: `${main}
      default via 10.3.0.1 dev em2 table 52 proto static
      default via 10.0.0.1 dev em1 table 1003 proto static`,
      rules: `
      100: from all fwmark 0x1/0xff lookup 52
      27200: from 10.0.0.2 lookup 52
      27200: from all fwmark 0x1 lookup 1002 proto 115
      27200: from 10.0.0.2 to 10.7.0.0/16 lookup 1002 proto 115
      27200: from 10.0.0.2 sport 80 lookup 1002 proto 115
      32765: from 10.0.0.2 lookup 1003`,
    },
    "",
    { flush: true },
  );
});

Deno.test("a table of an interface that is gone is emptied of what is ours by its form, and its rule goes last", () => {
  assertCommands(
    {
      links: `${links}\n6: br0 up kind bridge`,
      addresses: `${addresses}\n10.3.0.2/24 dev em2`,
      routes: `${main}
      default via 10.3.0.1 dev em2 table 1009 proto bird
      172.17.0.0/16 dev br0 table 1009 scope link
      172.18.0.0/16 via 10.3.0.1 dev em2 table 1009 proto static src 10.9.0.2
      unreachable 172.19.0.0/16 table 1009`,
      rules: "27200: from 10.9.0.2 lookup 1009 proto 115",
    },
    `
    ip route del unreachable 172.19.0.0/16 table 1009 proto boot
    ip route del 172.18.0.0/16 via 10.3.0.1 dev em2 table 1009 proto static src 10.9.0.2
    ip route del 172.17.0.0/16 dev br0 table 1009 proto boot scope link
    ip rule del from 10.9.0.2 lookup 1009 priority 27200 protocol 115`,
    { flush: true },
  );
});

Deno.test("a table that an option has left to no interface is emptied of all", () => {
  assertCommands(
    {
      links,
      addresses: `${addresses}\n10.3.0.2/24 dev em2`,
      routes: `${main}\ndefault via 10.3.0.1 dev em2 table 1009 proto static`,
      rules: "27200: from 10.9.0.2 lookup 1009 proto 115",
    },
    `
    ip route del default via 10.3.0.1 dev em2 table 1009 proto static
    ip rule del from 10.9.0.2 lookup 1009 priority 27200 protocol 115`,
    { flush: true, tableBase: 5000 },
  );
});
