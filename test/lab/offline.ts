// Inside namespaces of our own there is no network: what Deno needs has to be there before.

/** Fetches what these files import; ends the program where that fails. */
export async function cacheDependencies(files: string[]): Promise<void> {
  const { code } = await deno(["cache", "--quiet", ...files]);
  if (code !== 0) Deno.exit(code);
}

/** Runs this very Deno to its end. */
export function deno(args: string[]): Promise<Deno.CommandStatus> {
  return new Deno.Command(Deno.execPath(), { args, stdin: "null" }).spawn().status;
}

/** What makes Deno work offline, and as root with the cache of the user who called us. */
export async function offline(): Promise<Record<string, string>> {
  const info = new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" });
  const { stdout } = await info.output();
  return { DENO_DIR: JSON.parse(new TextDecoder().decode(stdout)).denoDir, DENO_NO_UPDATE_CHECK: "1" };
}
