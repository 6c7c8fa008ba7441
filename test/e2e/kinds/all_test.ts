// The distribution's own kernel has every kind of link that there are tests for: none of them is skipped there.

import assert from "node:assert/strict";
import { isolatedTest, lacking, lacksTun } from "../../lab/scenario.ts";
import { lacksWireguard } from "../../lab/wireguard.ts";

/** Says that this is the distribution's own kernel. */
const OWN = "SYMROUTED_TEST_OWN_KERNEL";

const kinds = [
  ...["veth", "dummy", "bridge", "bond", "vlan", "macvlan", "ipvlan", "vrf"],
  ...["wireguard", "vxlan", "geneve", "ipip", "sit", "gre", "gretap", "ip6tnl", "ip6gre", "ip6gretap"],
  ...["vti", "vti6", "xfrm"],
];

isolatedTest("no kind of link is missing", async () => {
  assert.equal(lacking(kinds), undefined);
  assert.equal(await lacksTun(), undefined);
  assert.equal(lacksWireguard(), undefined);
}, { skip: Deno.env.has(OWN) ? undefined : "is about another kernel: `deno task test-kernel` boots it" });
