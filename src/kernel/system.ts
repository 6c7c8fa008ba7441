/** What the kernel is needed for beside routing, for a service's sake. */

export { monotonicMicroseconds } from "../../ffi/clock.ts";
export { Connection } from "../../ffi/connection.ts";
export { DatagramSender } from "../../ffi/datagram.ts";
export { defaultActions, execute } from "../../ffi/exec.ts";
