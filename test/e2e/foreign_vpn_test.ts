// VPNs that bring rules and tables of their own.

import { mullvad, netbird, networkManager, tailscale, wgQuick, wgQuickSplit } from "../lab/programs/vpns.ts";
import { lacksTun } from "../lab/scenario.ts";
import { stays } from "../lab/stays.ts";

const skip = await lacksTun();
for (const program of [wgQuick, wgQuickSplit, tailscale, netbird, mullvad, networkManager]) {
  stays(program, { skip });
}
