// Links as libnl's cache gives them, against what `ip` says of the same.

import assert from "node:assert/strict";
import { LinkCache } from "../../ffi/link.ts";
import { Socket } from "../../ffi/socket.ts";
import type { Link } from "../../src/model/records.ts";
import type { Namespace } from "../lab/netns.ts";
import { run } from "../lab/process.ts";
import { inside } from "./inside.ts";

interface IpLink {
  readonly ifname: string;
  readonly ifindex: number;
  readonly flags: readonly string[];
  readonly master?: string;
  readonly linkinfo?: { readonly info_kind?: string; readonly info_data?: { readonly table?: number } };
}

/** Whatever a name may be made of: all but "/", ":" and blanks. */
const ODD_NAMES = ["a'\"b$(c)", "üß漢", "-x", "x;y|z&", "fifteen-letters", "a@b", "*?[!]", "\x07"];
const hasVrf = await canMake("vrf", "table 5");

inside("kinds, states and masters are what `ip` says", async (host) => {
  await host.batch([
    "link set lo up",
    "link add br0 type bridge",
    "link add v1 type veth peer name w1",
    "link add m1 link w1 type macvlan",
    "link add x1 type vxlan id 5 dstport 4789",
    "link add i1 type ifb",
    "tuntap add t1 mode tun",
    "tuntap add t2 mode tap",
    "link set v1 master br0 up",
    "link set br0 up",
    "link add name far index 2000000000 type bridge",
  ]);
  await assertAsIpSays(host);
  const links = readLinks();
  const kinds = Object.fromEntries(links.map(({ name, kind }) => [name, kind]));
  const veths = { v1: "veth", w1: "veth" };
  const others = {
    br0: "bridge",
    m1: "macvlan",
    x1: "vxlan",
    i1: "ifb",
    t1: "tun",
    t2: "tun",
    far: "bridge",
  };
  assert.deepEqual(kinds, { lo: undefined, ...veths, ...others });
  const byName = new Map(links.map((link) => [link.name, link]));
  assert.equal(byName.get("v1")?.master, byName.get("br0")?.ifindex);
  assert.equal(byName.get("far")?.ifindex, 2_000_000_000);
});

inside("what changes is seen by the next reading of the same cache", async (host) => {
  using socket = Socket.open();
  using cache = new LinkCache();
  await host.ip("link add v1 type veth peer name w1");
  assert.deepEqual(cache.read(socket).map(({ name, up }) => [name, up]), [["lo", false], ["w1", false], [
    "v1",
    false,
  ]]);
  await host.batch(["link set v1 name em1 up", "link set lo up"]);
  assert.deepEqual(cache.read(socket).map(({ name, up }) => [name, up]), [["lo", true], ["w1", false], [
    "em1",
    true,
  ]]);
  await host.ip("link delete w1");
  assert.deepEqual(cache.read(socket).map(({ name }) => name), ["lo"]);
});

inside("a VRF has its table, and its port has a master", async (host) => {
  await host.batch([
    "link add red type vrf table 70000",
    "link add v1 type veth peer name w1",
    "link set v1 master red",
  ]);
  await assertAsIpSays(host);
  const [red, port] = ["red", "v1"].map((name) => readLinks().find((link) => link.name === name)!);
  assert.deepEqual([red.kind, red.vrfTable, port.master], ["vrf", 70000, red.ifindex]);
}, { skip: hasVrf ? undefined : "this kernel has no VRF" });

inside("names with odd characters are read as they are", async (host) => {
  for (const name of ODD_NAMES) await host.must(["ip", "link", "add", "name", name, "type", "ifb"]);
  assert.deepEqual(readLinks().slice(1).map(({ name }) => name), ODD_NAMES);
});

inside("a name that is no text in UTF-8 does no harm", async (host) => {
  await host.must(["sh", "-c", "ip link add name \"$(printf 'a\\377b')\" type ifb"]);
  assert.deepEqual(readLinks().map(({ name }) => name), ["lo", "a\ufffdb"]);
});

inside("more links than a datagram holds are read whole", async (host) => {
  // To take bridges apart would keep the whole kernel's network waiting for seconds.
  await host.batch(Array.from({ length: 300 }, (_, i) => `link add i${i} type ifb`));
  assert.deepEqual(
    readLinks().slice(1).map(({ name }) => name),
    Array.from({ length: 300 }, (_, i) => `i${i}`),
  );
});

function readLinks(): Link[] {
  using socket = Socket.open();
  using cache = new LinkCache();
  return cache.read(socket);
}

async function assertAsIpSays(host: Namespace): Promise<void> {
  const told: IpLink[] = JSON.parse(await host.ip("-j -d link show"));
  const index = new Map(told.map(({ ifname, ifindex }) => [ifname, ifindex]));
  const wanted = await Promise.all(
    told.map(async ({ ifname, ifindex, flags, master, linkinfo }): Promise<Link> => ({
      ifindex,
      name: ifname,
      up: flags.includes("UP"),
      loopback: flags.includes("LOOPBACK"),
      kind: linkinfo?.info_kind,
      arptype: Number(await host.must(["cat", `/sys/class/net/${ifname}/type`])),
      master: master === undefined ? undefined : index.get(master),
      vrfTable: linkinfo?.info_kind === "vrf" ? linkinfo.info_data?.table : undefined,
    })),
  );
  const byIndex = (a: Link, b: Link) => a.ifindex - b.ifindex;
  assert.deepEqual(readLinks().sort(byIndex), wanted.sort(byIndex));
}

/** Whether the kernel has such links: asked in a namespace that ends with the question. */
async function canMake(kind: string, args: string): Promise<boolean> {
  const command = ["unshare", "--net", "ip", "link", "add", "probe", "type", kind, ...args.split(" ")];
  return (await run(command).catch(() => ({ code: 1 }))).code === 0;
}
