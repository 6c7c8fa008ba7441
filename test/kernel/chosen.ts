// Each feature once: the ordinary end-to-end tests that run under another kernel beside those of link kinds.

/** By file, what the names of the tests have in them. */
export const CHOSEN: Readonly<Record<string, readonly string[]>> = {
  main_job: ["after --once both uplinks answer ping and TCP"],
  once: [
    "a second --once changes nothing, and nobody hears of it",
    "--flush leaves everything else byte for byte",
  ],
  dry_run: ["--dry-run prints commands that do what --once does"],
  isolate: ["the data network's replies leave by the management uplink without it, and do not with it"],
  prefix_rules: ["per prefix: one rule for each prefix, and each uplink answers for itself"],
  conflict: ["somebody else's rule to the table"],
  follow_link: ["an uplink is renamed while it is down", "an uplink is renamed while it is up"],
  link_index: ["an uplink has an index over 64,000, and its table is another program's until it is free"],
  "worlds/multipath": ["a multipath default with weights: each table has its own next hops of it"],
  "worlds/nexthops": ["defaults lead by them, one to a gateway of the other family"],
};

/** The test file of that name. */
export const fileOf = (name: string) => `test/e2e/${name}_test.ts`;

/** The arguments of `deno test` that choose them. */
export function chosen(): string[] {
  const names = Object.values(CHOSEN).flat().map((name) => name.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  return [`--filter=/${names.join("|")}/`, ...Object.keys(CHOSEN).map(fileOf)];
}
