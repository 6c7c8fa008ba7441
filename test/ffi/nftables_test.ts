// Rulesets through libnftables, against what `nft` makes and shows.

import assert from "node:assert/strict";
import { ERRNO } from "../../ffi/error.ts";
import { NETLINK_NETFILTER, NFNLGRP_NFTABLES, NFT_MESSAGE } from "../../ffi/nfnetlink.ts";
import { messages } from "../../ffi/message.ts";
import { Nftables } from "../../ffi/nftables.ts";
import { liveHandles } from "../../ffi/owned.ts";
import { Socket } from "../../ffi/socket.ts";
import { without } from "../lab/deno.ts";
import type { Namespace } from "../lab/netns.ts";
import type { Result } from "../lab/process.ts";
import { inside } from "./inside.ts";

const OURS = `table inet ours {
  set uplinks { type ifname
    elements = { "em1", "em2" }
  }
  chain input {
    type filter hook prerouting priority mangle - 5; policy accept;
    iifname "em1" ct mark & 0x7f000000 == 0x01000000 meta mark set ct mark counter packets 7 bytes 700
  }
}
`;
const OTHER = `table inet ours {
  chain other { }
}
`;
const swap = (text: string) => `table inet ours\ndelete table inet ours\n${text}`;

inside("a table is listed as it is, without what it has counted", async (host) => {
  using nftables = Nftables.open();
  assert.equal(nftables.list("inet", "ours"), undefined);
  nftables.run(OURS);
  const listed = nftables.list("inet", "ours")!;
  assert.equal(listed, await shown(host));
  assert.match(listed, /priority -155; policy accept;\n/);
  assert.match(listed, /meta mark set ct mark counter\n/);
  for (const family of ["ip", "ip6"] as const) assert.equal(nftables.list(family, "ours"), undefined);
  for (const table of ["our", "ourss"]) assert.equal(nftables.list("inet", table), undefined);
  nftables.run("flush ruleset");
  nftables.run(listed);
  assert.equal(nftables.list("inet", "ours"), listed);
});

inside("what somebody else changes shows, as soon as it is changed", async (host) => {
  using nftables = Nftables.open();
  nftables.run(OURS);
  const listed = nftables.list("inet", "ours");
  await host.nft("table ip ours { chain a { }; }");
  for (let i = 0; i < 3; i++) {
    assert.equal(nftables.list("inet", "ours"), listed);
    await host.nft("delete table inet ours");
    assert.equal(nftables.list("inet", "ours"), undefined);
    await host.nft(OTHER);
    assert.equal(nftables.list("inet", "ours"), await shown(host));
    assert.match(nftables.list("ip", "ours")!, /chain a/);
    await host.nft(swap(OURS));
    assert.equal(nftables.list("inet", "ours"), listed);
    await host.nft('delete element inet ours uplinks { "em2" }');
    assert.doesNotMatch(nftables.list("inet", "ours")!, /em2/);
    await host.nft('add element inet ours uplinks { "em2" }');
  }
});

inside("a table is swapped in one transaction, and no other is touched", async (host) => {
  await host.nft(
    "table ip theirs { chain a { type filter hook input priority 0; ip saddr 10.0.0.1 drop; }; }",
  );
  const ruleset = ["nft", "-a", "list", "ruleset"];
  const before = await host.must(ruleset);
  using nftables = Nftables.open();
  using ear = Socket.open({ protocol: NETLINK_NETFILTER, groups: [NFNLGRP_NFTABLES] });
  const listed = [OURS, OURS, OTHER, OURS].map((text) => {
    nftables.run(swap(text));
    assert.equal(transactions(ear), 1);
    return nftables.list("inet", "ours");
  });
  assert.match(listed[0]!, /chain input/);
  assert.match(listed[2]!, /chain other/);
  assert.doesNotMatch(listed[2]!, /chain input/);
  assert.deepEqual([listed[1], listed[3]], [listed[0], listed[0]]);
  nftables.run("table inet ours\ndelete table inet ours");
  assert.equal(await host.must(ruleset), before);
});

inside("what is wrong is told in one line and changes nothing", () => {
  using nftables = Nftables.open();
  nftables.run(OURS);
  const listed = nftables.list("inet", "ours");
  const wrong: [commands: string, code: number, message: RegExp][] = [
    ["nonsense", 0, /^change nftables' rules: syntax error, unexpected [^\n]*$/],
    [swap("table inet ours {\n chain input {\n  nonsense here\n }\n}"), 0, /: No symbol type information$/],
    [swap("table inet ours { chain input { jump nowhere\n } }"), 0, /: syntax error, unexpected [^\n]*$/],
    [
      swap("table inet ours { chain input { jump nowhere; }; }"),
      ERRNO.ENOENT,
      /: [^\n]*No such file [^\n]*$/,
    ],
    [
      "delete chain inet ours input\ndelete table inet no-such-table",
      ERRNO.ENOENT,
      /No such file or directory$/,
    ],
    [`${OURS}add table inet ours\ncreate table inet ours`, ERRNO.EEXIST, /: File exists$/],
    ['include "/no/such/file.nft"', 0, /: File not found: [^\n]*$/],
    [
      "add rule inet ours input ct mark set 99999999999",
      0,
      /: Value 99999999999 exceeds valid range [^\n]*$/,
    ],
  ];
  for (const [commands, code, message] of wrong) {
    assert.throws(() => nftables.run(commands), { name: "NetlinkError", code, message }, commands);
    assert.equal(nftables.list("inet", "ours"), listed, commands);
  }
});

inside("a missing privilege is told as such, and not on standard error", async (host) => {
  const tries: [what: string, op: string, prefix?: string[]][] = [
    ["open", "ask the kernel for nftables", without("net_admin")],
    ["run without privilege", "change nftables' rules"],
    ["list without privilege", "look for the nftables table inet ours"],
  ];
  for (const [what, op, prefix] of tries) {
    const { code, stdout, stderr } = await alone(host, [what], prefix);
    assert.deepEqual([code, stderr], [0, ""], what);
    assert.match(stdout, new RegExp(`^${ERRNO.EPERM}: ${op}: [^\\n]*Operation not permitted\n$`));
  }
});

inside("a lack of descriptors does not end the program", async (host) => {
  const few = ["sh", "-c", 'ulimit -n 100; exec "$@"', "sh"];
  const { code, stdout, stderr } = await alone(host, ["open with few descriptors"], few);
  const said = stdout.trim().split("\n");
  assert.deepEqual([code, stderr, said.at(-1)], [0, "", "done"]);
  assert.match(said[0], /open a netlink socket: /);
  assert.ok(said.length > 20, stdout);
});

inside("what cannot be opened, or is freed, leaves nothing", () => {
  const nftables = Nftables.open();
  assert.deepEqual(liveHandles(), { nft_ctx: 1, socket: 1 });
  nftables[Symbol.dispose]();
  assert.deepEqual(liveHandles(), {});
  assert.throws(() => nftables.run("flush ruleset"), {
    name: "TypeError",
    message: /is used after it was freed/,
  });
  nftables[Symbol.dispose]();
});

inside("memory stays flat over 2,000 swaps, lists and errors", async (host) => {
  const { code, stdout, stderr } = await alone(host, ["swap, list and fail, often", OURS]);
  assert.equal(code, 0, stderr);
  const [, growth] = /^(-?\d+)\ndone\n$/.exec(stdout) ?? [];
  assert.ok(Number(growth) < 4096, `it has grown by ${growth} KiB: ${stdout}`);
});

/** Our table as `nft` shows it. */
function shown(host: Namespace): Promise<string> {
  return host.must(["nft", "--stateless", "--numeric-priority", "list", "table", "inet", "ours"]);
}

/** How many transactions there have been. */
function transactions(ear: Socket): number {
  let count = 0;
  for (let datagram = ear.receive(); datagram; datagram = ear.receive()) {
    for (const { type } of messages(datagram)) if (type === NFT_MESSAGE.newGeneration) count++;
  }
  return count;
}

function alone(host: Namespace, args: string[], prefix: string[] = []): Promise<Result> {
  const child = new URL("./nftables_alone.ts", import.meta.url).pathname;
  const flags = ["-A", "--cached-only", "--v8-flags=--expose-gc,--max-semi-space-size=1"];
  return host.run([...prefix, Deno.execPath(), "run", ...flags, child, ...args]);
}
