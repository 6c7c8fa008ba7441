// The example that every user has seen, and both families beside each other.

import { assertCommands } from "../model/decide.ts";

const twoUplinks = {
  links: `
    2: em1 up
    3: em2 up`,
  addresses: `
    127.0.0.1/8 dev lo scope host
    10.0.0.2/16 dev em1
    192.168.0.2/24 dev em2`,
  routes: `
    default via 10.0.0.1 dev em1 proto static metric 105
    default via 192.168.0.1 dev em2 proto static metric 106
    10.0.0.0/16 dev em1 proto kernel scope link src 10.0.0.2 metric 105
    192.168.0.0/24 dev em2 proto kernel scope link src 192.168.0.2 metric 106`,
};

Deno.test("two uplinks each get a rule and a table with their own two routes", () => {
  assertCommands(
    twoUplinks,
    `
    ip rule add from 10.0.0.2 lookup 1002 priority 27200 protocol 115
    ip rule add from 192.168.0.2 lookup 1003 priority 27200 protocol 115
    ip route append 192.168.0.0/24 dev em2 table 1003 proto kernel scope link src 192.168.0.2 metric 106
    ip route append 10.0.0.0/16 dev em1 table 1002 proto kernel scope link src 10.0.0.2 metric 105
    ip route append default via 10.0.0.1 dev em1 table 1002 proto static metric 105
    ip route append default via 192.168.0.1 dev em2 table 1003 proto static metric 106`,
  );
});

Deno.test("where all of it is in place already, nothing is changed", () => {
  assertCommands({
    ...twoUplinks,
    routes: `${twoUplinks.routes}
      default via 10.0.0.1 dev em1 table 1002 proto static metric 105
      10.0.0.0/16 dev em1 table 1002 proto kernel scope link src 10.0.0.2 metric 105
      default via 192.168.0.1 dev em2 table 1003 proto static metric 106
      192.168.0.0/24 dev em2 table 1003 proto kernel scope link src 192.168.0.2 metric 106`,
    rules: `
      27200: from 10.0.0.2 lookup 1002 proto 115
      27200: from 192.168.0.2 lookup 1003 proto 115`,
  }, "");
});

Deno.test("IPv4 and IPv6 are served alike, each by its own main", () => {
  assertCommands(
    {
      links: "2: em1 up",
      addresses: `
      10.0.0.2/16 dev em1
      2001:db8:1::2/64 dev em1
      fe80::2/64 dev em1 scope link`,
      routes: "default via 10.0.0.1 dev em1 proto dhcp src 10.0.0.2 metric 100",
      routes6: `
      2001:db8:1::/64 dev em1 proto ra metric 100 pref medium
      fe80::/64 dev em1 proto kernel metric 1024 pref medium
      default via fe80::1 dev em1 proto ra metric 100 pref high`,
    },
    `
    ip rule add from 10.0.0.2 lookup 1002 priority 27200 protocol 115
    ip -6 rule add from 2001:db8:1::2 lookup 1002 priority 27200 protocol 115
    ip -6 route replace 2001:db8:1::/64 dev em1 table 1002 proto ra metric 100
    ip -6 route replace fe80::/64 dev em1 table 1002 proto kernel metric 1024
    ip route append default via 10.0.0.1 dev em1 table 1002 proto dhcp src 10.0.0.2 metric 100
    ip -6 route replace default via fe80::1 dev em1 table 1002 proto ra metric 100 pref high
    ip -6 rule add from 2001:db8:1::2 lookup 1002 priority 27201 protocol 115
    ip -6 rule del from 2001:db8:1::2 lookup 1002 priority 27201 protocol 115`,
  );
});

Deno.test("a host without an uplink is left alone", () => {
  assertCommands({ links: "2: em1 up", addresses: "" }, "");
});

Deno.test("another priority, table base and protocol are used where they are asked for", () => {
  assertCommands(
    { ...twoUplinks, routes: "default via 10.0.0.1 dev em1 proto static" },
    `
    ip rule add from 10.0.0.2 lookup 5002 priority 99 protocol 200
    ip rule add from 192.168.0.2 lookup 5003 priority 99 protocol 200
    ip route append default via 10.0.0.1 dev em1 table 5002 proto static`,
    { tableBase: 5000, priority: 99, protocol: 200 },
  );
});
