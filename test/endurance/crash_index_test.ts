// An ifindex becomes another interface's while none runs, and the start that has to make its table another's dies on the way:
// what is there must still be known as ours, to the next start and to a flush.

import { faulty } from "../lab/faults.ts";
import type { Happening } from "../lab/machine.ts";
import { cable, configuration } from "../lab/mixed_host.ts";
import { assertSame } from "../lab/observe.ts";
import { persist } from "../lab/persist.ts";
import { isolatedTest } from "../lab/scenario.ts";
import { flush, onceAsFar, symrouted } from "../lab/symrouted.ts";
import { Trio } from "../lab/trio.ts";

/** What was em3 is `device` now, with the addresses of em`net`. */
function successor(device: string, net: number): Happening {
  return {
    name: `${device} takes the ifindex`,
    far: ["link delete p3", ...cable(3, device)],
    host: configuration(3, { device, net, metric: 107 }),
  };
}

/** Whether st1 is inside, so that its routes are in every table. */
function forwarding(value: 0 | 1): Happening {
  const sysctl = { "ipv4/ip_forward": value, "ipv6/conf/all/forwarding": value };
  return { name: `forwarding=${value}`, sysctl };
}

/** em1 has the addresses that em3 had, or has not. */
function heir(verb: "add" | "delete"): Happening {
  const addresses = ["172.19.0.2/24", "2001:db8:3::2/64"];
  return { name: `em1: ${verb}`, host: addresses.map((address) => `address ${verb} ${address} dev em1`) };
}

isolatedTest("an ifindex becomes another's, by starts that die after one change each", async () => {
  await using trio = await Trio.build();
  await onceAsFar(trio.killed.host);
  for (const happenings of [[successor("em9", 9), forwarding(1)], [successor("em3", 3), forwarding(0)]]) {
    await trio.undergo(happenings);
    await persist(trio, { args: ["--once"], final: await trio.final, dieAfter: () => 1 });
  }
});

isolatedTest("an ifindex becomes another's, the start that sees it dies, and all is taken back", async () => {
  await using trio = await Trio.build();
  for (const [turn, change] of [1, 2, 3, 5].entries()) {
    await onceAsFar(trio.killed.host);
    await trio.undergo([turn % 2 === 0 ? successor("em9", 9) : successor("em3", 3)]);
    await assertTakenBack(trio, change);
  }
});

isolatedTest(
  "an ifindex becomes another's, its addresses another uplink's, and all is taken back",
  async () => {
    await using trio = await Trio.build();
    for (const change of [1, 2, 3, 5]) {
      await onceAsFar(trio.killed.host);
      await trio.undergo([successor("em9", 9), heir("add")]);
      await assertTakenBack(trio, change);
      await trio.undergo([heir("delete"), successor("em3", 3)]);
    }
  },
);

/** A start dies after that change; then nothing of ours is left by a flush. */
async function assertTakenBack({ killed, nothing }: Trio, change: number): Promise<void> {
  await symrouted(killed.host, ["--once"], { env: await faulty({ killAfterWrite: change }) });
  await flush(killed.host);
  assertSame(await killed.state(), (await nothing).state);
}
