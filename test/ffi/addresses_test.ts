// Addresses and forwarding as we read them, against what `ip` and sysctl say of the same.

import assert from "node:assert/strict";
import { AddressCache } from "../../ffi/address.ts";
import { readForwarding } from "../../ffi/netconf.ts";
import { Socket } from "../../ffi/socket.ts";
import { FAMILIES } from "../../src/model/address.ts";
import { type Address, ADDRESS_FLAG } from "../../src/model/records.ts";
import type { Namespace } from "../lab/netns.ts";
import { eventually } from "../lab/process.ts";
import { inside } from "./inside.ts";

interface IpAddress {
  readonly family: "inet" | "inet6";
  readonly local: string;
  readonly address?: string;
  readonly prefixlen: number;
  readonly scope: string;
  readonly tentative?: boolean;
  readonly deprecated?: boolean;
  readonly dadfailed?: boolean;
}

const SCOPES: Readonly<Record<string, number>> = { global: 0, site: 200, link: 253, host: 254 };

inside("addresses of every kind are what `ip` says", async (host) => {
  await host.sysctl({ "ipv6/conf/default/accept_dad": 0 });
  await cable(host, [
    "link set lo up",
    "address add 10.1.0.1/16 dev v1",
    "address add 10.1.0.2/16 dev v1 secondary",
    "address add 10.2.0.1/32 dev v1",
    "address add 10.3.0.1 peer 10.3.0.2/32 dev v1",
    "address add 10.4.0.1 peer 10.5.0.0/16 dev v1",
    "address add 169.254.7.7/16 dev v1 scope link",
    "address add 10.6.0.1/24 dev lo scope host",
    "address add 255.255.255.254/31 dev w1 label w1:label",
    "address add 2001:db8:1::1/64 dev v1",
    "address add 2001:db8:2::1/128 dev lo",
    "address add 2001:db8:3::1 peer 2001:db8:3::2/128 dev v1",
    "address add 2001:db8:4::1/64 dev v1 preferred_lft 0",
    "address add ::ffff:0:1/64 dev w1",
    "address add fec0::1/64 dev w1",
  ]);
  await assertAsIpSays(host, 14);
  const read = readAddresses();
  const peers = Object.fromEntries(read.filter(({ peer }) => peer).map(({ ip, peer }) => [ip, peer]));
  assert.deepEqual(peers, {
    "10.3.0.1": "10.3.0.2",
    "10.4.0.1": "10.5.0.0",
    "2001:db8:3::1": "2001:db8:3::2",
  });
  const deprecated = read.filter(({ flags }) => flags & ADDRESS_FLAG.deprecated).map(({ ip }) => ip);
  assert.deepEqual(deprecated, ["2001:db8:4::1"]);
});

inside("an address that waits to be found unique is tentative", async (host) => {
  await host.sysctl({ "ipv6/conf/default/dad_transmits": 1000 });
  await cable(host, ["address add 2001:db8:1::1/64 dev v1"]);
  await assertAsIpSays(host, 1);
  const found = readAddresses().find(({ ip }) => ip === "2001:db8:1::1");
  assert.ok(found && found.flags & ADDRESS_FLAG.tentative);
});

inside("an address that another host has is marked as such", async (host) => {
  await host.sysctl({ "ipv6/conf/default/router_solicitation_delay": 0 });
  // The other end of the cable answers for the address, without checking its own.
  await host.batch(["link add v1 type veth peer name w1"]);
  await host.sysctl({ "ipv6/conf/w1/accept_dad": 0, "ipv6/conf/v1/accept_dad": 1 });
  await host.batch(["link set w1 up", "link set v1 up", "address add 2001:db8:1::1/64 dev w1 nodad"]);
  await host.ip("address add 2001:db8:1::1/64 dev v1");
  const isFailed = ({ flags }: Address) => (flags & ADDRESS_FLAG.dadfailed) !== 0;
  await eventually(() => assert.ok(readAddresses().some(isFailed)));
  await assertAsIpSays(host, 2);
});

inside("while addresses come and go, each that is there is read once", async (host) => {
  const addresses = Array.from({ length: 800 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
  await cable(host, addresses.map((ip) => `address add ${ip}/32 dev v1`));
  const step = (verb: string) => `ip address ${verb} 10.9.0.1/32 dev v1`;
  const churn = host.spawn(["sh", "-c", `while ${step("add")} && ${step("delete")}; do echo round; done`]);
  await churn.line(/round/);
  using socket = Socket.open();
  using cache = new AddressCache();
  for (let reading = 0; reading < 400; reading++) {
    const read = cache.read(socket).map(({ ip }) => ip).filter((ip) => ip.startsWith("10.0."));
    assert.equal(read.length, addresses.length, `reading ${reading}`);
  }
  assert.equal(churn.text.replaceAll(/round\s*/g, ""), "");
});

inside("forwarding is what sysctl says, in each family for itself", async (host) => {
  using socket = Socket.open({ strict: true });
  const read = () => FAMILIES.map((family) => readForwarding(socket, family));
  assert.deepEqual(read(), [false, false]);
  await host.sysctl({ "ipv4/ip_forward": 1 });
  assert.deepEqual(read(), [true, false]);
  await host.sysctl({ "ipv6/conf/all/forwarding": 1 });
  assert.deepEqual(read(), [true, true]);
  await host.sysctl({ "ipv4/ip_forward": 0 });
  assert.deepEqual(read(), [false, true]);
});

/** A cable between two interfaces that are up, and then these commands. */
async function cable(host: Namespace, lines: string[]): Promise<void> {
  await host.batch(["link add v1 type veth peer name w1", "link set w1 up", "link set v1 up", ...lines]);
}

function readAddresses(): Address[] {
  using socket = Socket.open();
  using cache = new AddressCache();
  return cache.read(socket);
}

/** Compares all addresses; `atLeast` so many there are. */
async function assertAsIpSays(host: Namespace, atLeast: number): Promise<void> {
  const text = ({ ifindex, ip, ...rest }: Address) =>
    JSON.stringify([ifindex, ip, { ...rest, flags: shown(rest.flags) }]);
  // A state may change between the two looks.
  await eventually(async () => {
    const links: { ifindex: number; addr_info: IpAddress[] }[] = JSON.parse(await host.ip("-j address show"));
    const told = links.flatMap(({ ifindex, addr_info }) => addr_info.map((one) => addressOf(ifindex, one)));
    assert.ok(told.length >= atLeast, `${told.length} addresses`);
    assert.deepEqual(readAddresses().map(text).sort(), told.map(text).sort());
  });
}

function addressOf(ifindex: number, told: IpAddress): Address {
  const on = (flag: keyof typeof ADDRESS_FLAG) => told[flag] ? ADDRESS_FLAG[flag] : 0;
  return {
    family: told.family === "inet" ? 4 : 6,
    ifindex,
    ip: told.local,
    prefixLength: told.prefixlen,
    scope: SCOPES[told.scope],
    flags: on("tentative") | on("deprecated") | on("dadfailed"),
    peer: told.address,
  };
}

function shown(flags: number): number {
  return flags & (ADDRESS_FLAG.tentative | ADDRESS_FLAG.deprecated | ADDRESS_FLAG.dadfailed);
}
