/** The errors that the kernel's door throws, for those who catch them. */

export { ERRNO, NetlinkError } from "../../ffi/error.ts";
export { MissingLibrary } from "../../ffi/library.ts";
export { LostEvents } from "../../ffi/socket.ts";
