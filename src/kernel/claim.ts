/** Names that one process of a network namespace holds. */

export { Claim, type Holder, holderOf } from "../../ffi/claim.ts";
