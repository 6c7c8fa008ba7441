/** What one process of a network namespace holds, and what is sent from one to another. */

export { Claim } from "../../ffi/claim.ts";
export { type MarkedPort, markedPorts, type Message, Port } from "../../ffi/port.ts";
