/** The release. */
export const VERSION = "2.0.0-dev";
