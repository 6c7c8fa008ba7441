/** Which libnl the program works with. */

export { libnlInUse } from "../../ffi/libnl_pair.ts";
