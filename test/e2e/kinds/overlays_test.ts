// Overlays and VPNs of kinds that not every kernel has: what is behind them reaches each uplink's address.

import { families, type Family } from "../../lab/addressing.ts";
import { overlay, vpn } from "../../lab/guests.ts";
import { reaches } from "../../lab/reaches.ts";

/** The families that each kind carries over IPv4. */
const kinds: Record<string, readonly Family[]> = { ipip: ["IPv4"], sit: ["IPv6"], gre: families };

for (const [kind, carried] of Object.entries(kinds)) {
  const over = { kind, type: kind };
  for (const gateway of [true, false]) reaches(overlay(over, { gateway }), { families: carried });
  for (const shape of ["split", "halves", "unnumbered"] as const) {
    reaches(vpn(over, shape), { families: carried });
  }
}
