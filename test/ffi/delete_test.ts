// Which IPv4 route a delete takes, of two with one key and metric: `fitsDelete` says what the kernel does.

import assert from "node:assert/strict";
import { MESSAGE } from "../../ffi/message.ts";
import { fitsDelete } from "../../src/model/paths.ts";
import { inside } from "./inside.ts";
import { RouteReader, write } from "./routes.ts";

const [via1, via2, via3] = [1, 2, 3].map((last) => `via 10.0.0.${last} dev em1`);
const ways = [
  ...[via1, via2, "dev em1 scope global", "dev em1 scope link"],
  ...[`${via1} src 10.0.0.77`, `${via1} proto static`, `${via1} mtu 1400`],
  `nexthop ${via1} nexthop ${via2}`,
  `nexthop ${via1} weight 7 nexthop ${via2}`,
  `nexthop ${via2} nexthop ${via1}`,
  `nexthop ${via1} nexthop ${via2} nexthop ${via3}`,
  "nexthop dev em1 nexthop dev em1 weight 9",
];

inside("a delete takes the first route that it fits", async (host) => {
  await host.batch([
    "link add em1 type veth peer name peer1",
    "link set em1 up",
    "address add 10.0.0.77/24 dev em1",
  ]);
  using kernel = new RouteReader();
  for (const front of ways) {
    for (const asked of ways.filter((way) => way !== front)) {
      await host.batch([front, asked].map((way) => `route append 10.9.0.0/16 metric 7 table 1002 ${way}`));
      const [first, second] = kernel.read(4, 1002);
      write(kernel.codec, [second], { type: MESSAGE.delRoute, flags: 0 });
      const left = fitsDelete(second.path, first.path) ? second : first;
      assert.deepEqual(kernel.read(4, 1002), [left], `behind '${front}' the delete of '${asked}'`);
      await host.ip("route flush table 1002");
    }
  }
});
