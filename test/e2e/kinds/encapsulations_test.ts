// Routes that put packets into others, of every kind that the kernel has: mirrored whole, with what `ip` shows of them.

import assert from "node:assert/strict";
import type { Family } from "../../lab/addressing.ts";
import { LonelyHost } from "../../lab/lonely.ts";
import type { Namespace } from "../../lab/netns.ts";
import { lines, routes, state } from "../../lab/observe.ts";
import { run } from "../../lab/process.ts";
import { isolatedTest } from "../../lab/scenario.ts";
import { flush, once, symrouted } from "../../lab/symrouted.ts";

const encapsulations: Record<string, [family: Family, route: string][]> = {
  mpls: [
    ["IPv4", "100.64.1.0/24 encap mpls 100/200 ttl 9 via 192.168.0.1 dev em2"],
    ["IPv6", "2001:db8:f1::/48 encap mpls 100 via 2001:db8:2::1 dev em2"],
  ],
  seg6: [
    ["IPv4", "100.64.2.0/24 encap seg6 mode encap segs 2001:db8:c::1 dev em2"],
    ["IPv6", "2001:db8:f2::/48 encap seg6 mode encap segs 2001:db8:c::1,2001:db8:c::2 dev em2"],
  ],
  seg6local: [["IPv6", "2001:db8:f3::1 encap seg6local action End.DX6 nh6 2001:db8:2::9 dev em2"]],
  ip: [["IPv4", "100.64.4.0/24 encap ip id 7 dst 192.168.0.9 dev em2"]],
  ip6: [["IPv6", "2001:db8:f5::/48 encap ip6 id 7 dst 2001:db8:2::9 dev em2"]],
};

isolatedTest("routes with an encapsulation are mirrored whole", async (test) => {
  await using lonely = await LonelyHost.build();
  const { host } = lonely;
  const lacking = new Set<string>();
  for (const [kind, wanted] of Object.entries(encapsulations)) {
    if (await lacks(wanted[0])) lacking.add(kind);
    else for (const [family, route] of wanted) await host.batch([`route add ${route}`], family);
  }
  const before = await state(host);
  const { stdout } = await symrouted(host, ["--dry-run"]);
  const said = lines(stdout).filter((line) => line.includes("is mirrored (encapsulation): ip "));
  await once(host);
  for (const [kind, wanted] of Object.entries(encapsulations)) {
    const ignore = lacking.has(kind);
    const name = ignore ? `${kind} (skipped: the kernel has no such encapsulation)` : kind;
    await test.step({ name, ignore, fn: () => assertWhole(host, wanted, said) });
  }
  await flush(host);
  assert.equal(await state(host), before);
});

async function assertWhole(
  host: Namespace,
  wanted: readonly [Family, string][],
  said: readonly string[],
): Promise<void> {
  for (const [family, route] of wanted) {
    const [destination] = route.split(" ");
    const of = async (table: string) =>
      (await routes(host, table, family)).filter((line) => line.startsWith(`${destination} `));
    assert.deepEqual(await of("1003"), await of("main"));
    assert.match((await of("1003")).join("\n"), / encap \S/);
    assert.equal(said.filter((line) => line.includes(` ${destination} `)).length, 1);
  }
}

/** Whether the kernel does not have the kind. */
async function lacks([family, route]: [Family, string]): Promise<boolean> {
  const end = family === "IPv4" ? "192.168.0.2/24" : "2001:db8:2::2/64";
  const script = `ip link add em2 type veth && ip link set em2 up && ip address add ${end} dev em2 &&
    ip route add ${route}`;
  const { stderr } = await run(["unshare", "--net", "sh", "-c", script]);
  return /encapsulation type not supported/.test(stderr);
}
