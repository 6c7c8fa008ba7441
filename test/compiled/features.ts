// Each feature once: the end-to-end tests that have to pass with the compiled program, and on the oldest Deno, too.

const names = [
  ...["main_job", "once", "dry_run", "options", "output", "metrics", "roles", "isolate", "bad_input"],
  ...[
    "prefix_rules",
    "one_network",
    "conflict",
    "foreign_host",
    "order",
    "rules_gone",
    "refused",
    "siblings",
    "nexthop_lost",
  ],
  ...["follow_address", "follow_link", "follow_route", "follow_advertisement", "follow_dhcp"],
  ...["lifecycle", "one_at_a_time", "restart", "lost_events", "doubt_reading", "fight"],
  ...["connmark/published", "connmark/refused", "connmark/healing"],
];

export const FEATURES: readonly string[] = names.map((name) => `test/e2e/${name}_test.ts`);
