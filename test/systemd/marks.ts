// A host that marks connections: a published port, strict reverse path filters, and what is to be seen of marks.

import { families } from "../lab/addressing.ts";
import { Inner } from "../lab/inner.ts";
import { rules } from "../lab/observe.ts";
import { publish } from "../lab/published.ts";
import type { World } from "../lab/world.ts";
import type { Machine } from "./machine.ts";

/** What reverse path filters are at first, and where connections are marked. */
export const STRICT = ["all 1", "em1 1", "em2 1", "docker0 1"],
  LOOSE = ["all 1", "em1 2", "em2 2", "docker0 1"];

/** The ruleset with its handles, which tell when it is loaded anew; the rules; and each interface's reverse path filter. */
export async function marksOf({ host }: World) {
  const [ruleset, filters, ...ofFamilies] = await Promise.all([
    host.must(["nft", "--handle", "--stateless", "list", "ruleset"]),
    host.must([
      "sh",
      "-c",
      "cd /proc/sys/net/ipv4/conf; grep -H . all/rp_filter em?/rp_filter docker0/rp_filter",
    ]),
    ...families.map((family) => rules(host, family)),
  ]);
  return {
    ruleset,
    filters: filters.trim().replaceAll("/rp_filter:", " ").split("\n"),
    rules: ofFamilies.flat().filter((line) => / fwmark | nop | goto /.test(line)),
  };
}

/** A container's port is published, and every interface has a strict reverse path filter. */
export async function strictHost(world: World): Promise<Inner> {
  const { host } = world, container = await Inner.create(world, "docker0");
  const strict = ["all", "em1", "em2", "docker0"].map((name) => [`ipv4/conf/${name}/rp_filter`, 1]);
  await host.sysctl(Object.fromEntries(strict));
  await container.serve();
  await publish(host, "docker0");
  return container;
}

/** What is noted of reverse path filters, without the interfaces' numbers. */
export async function notes(machine: Machine): Promise<string[]> {
  const text = await machine.must(["sh", "-c", "cat /run/symrouted/connmark.* 2>/dev/null || :"]);
  return text.split("\n").filter((line) => line !== "").map((line) => line.replace(/^\d+: /, ""));
}

/** What of the service's run-time directory there is, wherever systemd has put it. */
export async function leftInRun(machine: Machine): Promise<string> {
  return await machine.must(["sh", "-c", "find /run -name '*symrouted*' -not -path '/run/systemd/*'"]);
}
