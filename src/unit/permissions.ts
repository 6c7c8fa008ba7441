/** What Deno lets this program do, when everything has been opened that it will ever need. */

const NAMES = ["read", "write", "net", "env", "sys", "run", "ffi", "import"] as const;

/** Gives all permissions up, for good: what is open stays so, and C's functions can be called as before. */
export function revokePermissions(): void {
  for (const name of NAMES) Deno.permissions.revokeSync({ name });
}
