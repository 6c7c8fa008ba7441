/** What the kernel is needed for beside routing, for a service's sake. */

export { monotonicMicroseconds } from "../../ffi/clock.ts";
export { DatagramSender } from "../../ffi/datagram.ts";
export { defaultActions, execute, setVariable } from "../../ffi/exec.ts";
export { keepOpen } from "../../ffi/libc.ts";
export { Lock } from "../../ffi/lock.ts";
export { readSmallFile, removeSmallFile, writeSmallFile } from "../../ffi/small_file.ts";
export { networkNamespace } from "../../ffi/network_namespace.ts";
