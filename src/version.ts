/** The release; `deno.json` has the same. */
export const VERSION = "2.0.0-dev";
