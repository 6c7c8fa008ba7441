// Says why nothing can be opened, when there are no descriptors left.

import { Claim } from "../../ffi/claim.ts";
import { DatagramSender } from "../../ffi/datagram.ts";
import { libc } from "../../ffi/libc.ts";
import { MemoryFile } from "../../ffi/memory_file.ts";
import { Port } from "../../ffi/port.ts";
import { Waiter } from "../../ffi/waiter.ts";

const openings: (() => Disposable | undefined)[] = [
  () => Claim.take("symrouted-too-many"),
  () => DatagramSender.to("@symrouted-too-many"),
  () => new MemoryFile("too-many", new Uint8Array()),
  () => Port.open(),
  () => new Waiter(0),
];

libc();
using held = new DisposableStack();
try {
  for (;;) held.use(Deno.openSync("/dev/null"));
} catch {
  // There are none left.
}
for (const open of openings) {
  try {
    console.log(`opened: ${open()}`);
  } catch (error) {
    console.log((error as Error).message);
  }
}
