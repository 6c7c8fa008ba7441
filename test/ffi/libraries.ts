// Opens all libraries before the first test: they stay open, and Deno's test runner would call that a leak of the test
// that happens to be the first to use them.

import { libc } from "../../ffi/libc.ts";
import { libnftables } from "../../ffi/libnftables.ts";
import { libnlRoute } from "../../ffi/libnl_pair.ts";

libc();
libnlRoute();
libnftables();
