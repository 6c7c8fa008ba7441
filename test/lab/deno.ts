// Other programs of the lab's, run by the Deno that runs the tests.

/** A script of this folder's as a command. */
export function script(name: string): string[] {
  const path = new URL(name, import.meta.url).pathname;
  return [Deno.execPath(), "run", "-A", "--no-config", "--no-prompt", path];
}

/** What a command is preceded by to run without a capability. */
export function without(capability: string): string[] {
  return ["setpriv", `--inh-caps=-${capability}`, `--bounding-set=-${capability}`];
}
