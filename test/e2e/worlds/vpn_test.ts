// VPNs: one that leads to a network, one that takes the world by halves, and one without an address.

import { vpn, vxlan } from "../../lab/guests.ts";
import { comesToReach, reaches } from "../../lab/reaches.ts";

for (const shape of ["split", "halves", "unnumbered"] as const) {
  reaches(vpn(vxlan, shape));
  comesToReach(vpn(vxlan, shape));
}
