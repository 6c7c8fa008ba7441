// A route that the kernel refuses: main has a route whose gateway can no longer be reached on the link. It was
// accepted while it could, and stays in main; the kernel takes no second one like it.

import assert from "node:assert/strict";
import type { Family } from "../lab/addressing.ts";
import type { Namespace } from "../lab/netns.ts";
import { assertCured, lines, routes, sourceRules, state } from "../lab/observe.ts";
import { eventually } from "../lab/process.ts";
import { scenarios } from "../lab/scenario.ts";
import { Daemon, symrouted } from "../lab/symrouted.ts";

interface Stranded {
  destination: string;
  gateway: string;
  onLink: string;
  /** How the kernel says no. */
  reason: RegExp;
}

const stranded: Record<Family, Stranded> = {
  IPv4: {
    destination: "198.51.100.0/24",
    gateway: "172.20.0.1",
    onLink: "172.20.0.0/24",
    reason: /Nexthop has invalid gateway/,
  },
  IPv6: {
    destination: "2001:db8:f0::/48",
    gateway: "2001:db8:20::1",
    onLink: "2001:db8:20::/64",
    reason: /No route to host|EHOSTUNREACH/,
  },
};

scenarios("a refused route is reported with its command and the kernel's reason", async (world, family) => {
  await strand(world.host, stranded[family]);
  const { code, stderr } = await symrouted(world.host, ["--once"]);
  assert.equal(code, 1, stderr);
  const reports = lines(stderr).filter((line) => isReport(line, stranded[family]));
  assert.equal(reports.length, 1, stderr);
  assert.match(reports[0], stranded[family].reason);
  assert.equal((await sourceRules(world.host, family)).length, 2);
  await assertCured(world, family);
});

scenarios(
  "--dry-run says that the kernel is going to refuse it, and what stands in",
  async (world, family) => {
    const { host } = world;
    const { destination, gateway } = stranded[family];
    await strand(host, stranded[family]);
    const { stdout } = await symrouted(host, ["--dry-run"]);
    const said = `# the kernel refuses it while its gateway ${gateway} is on no network of em2: ip `;
    const about = lines(stdout).filter((line) => line.includes(destination));
    assert.equal(about.length, 2, stdout);
    assert.ok(about[0].startsWith(said), stdout);
    await host.must(["sh", "-eu"], { stdin: stdout });
    assert.match((await routes(host, 1003, family)).join("\n"), new RegExp(`^throw ${destination} `, "m"));
    const before = await state(host);
    assert.equal((await symrouted(host, ["--once"])).code, 1);
    assert.equal(await state(host), before);
  },
);

scenarios("the daemon reports it once, and tries again when something changes", async (world, family) => {
  const { host } = world;
  const { destination, onLink } = stranded[family];
  await strand(host, stranded[family]);
  await using daemon = await Daemon.start(host);
  await daemon.line(stranded[family].reason);
  await assertCured(world, family);
  const second = world.uplink(2)[family].address.replace(/2$/, "91");
  await host.ip(`address add ${second} dev em2${family === "IPv6" ? " nodad" : ""}`);
  await eventually(async () => {
    assert.ok((await sourceRules(host, family)).includes(`from ${second} lookup 1003`));
  });
  assert.equal(daemon.lines.filter((line) => isReport(line, stranded[family])).length, 1);
  await host.ip(`route add ${onLink} dev em2`);
  await eventually(async () => {
    assert.match((await routes(host, 1003, family)).join("\n"), new RegExp(`^${destination} via`, "m"));
  });
});

/** Leaves a route in main whose gateway's own route is gone. */
async function strand(host: Namespace, { destination, gateway, onLink }: Stranded): Promise<void> {
  await host.batch([
    `route add ${onLink} dev em2`,
    `route add ${destination} via ${gateway} dev em2`,
    `route delete ${onLink} dev em2`,
  ]);
}

/** Whether a line of the log names the refused route by its `ip` command. */
function isReport(line: string, { destination, gateway }: Stranded): boolean {
  return line.startsWith("symrouted: ") && /\bip (-6 )?route /.test(line) &&
    line.includes(`${destination} via ${gateway} dev em2`) && line.includes("table 1003");
}
