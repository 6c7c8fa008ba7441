// Overlays and VPNs of kinds that not every kernel has: what is behind them reaches each uplink's address.

import { overlay, vpn } from "../../lab/guests.ts";
import { reaches } from "../../lab/reaches.ts";

const [ipip, sit, gre] = ["ipip", "sit", "gre"].map((kind) => ({ kind, type: kind }));

// These two carry one family each.
reaches(overlay(ipip, { gateway: true }), { families: ["IPv4"] });
reaches(overlay(sit, { gateway: false }), { families: ["IPv6"] });
reaches(vpn(gre, "halves"));
reaches(vpn(gre, "unnumbered"));
