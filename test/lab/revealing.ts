// The program, which tells beside its own lines what Deno lets it do once it is ready, and tries some of it.

import { runCli } from "../../src/cli.ts";

const names = ["read", "write", "net", "env", "sys", "run", "ffi", "import"] as const;

const attempts = {
  read: () => Deno.readTextFileSync("/proc/self/status"),
  write: () => Deno.writeTextFileSync("/dev/null", ""),
  net: () => Deno.listen({ port: 0 }),
  env: () => Deno.env.get("PATH"),
  sys: () => Deno.hostname(),
  run: () => new Deno.Command("true").outputSync(),
  ffi: () => Deno.dlopen("libc.so.6", { getpid: { parameters: [], result: "i32" } }),
};

function refused(attempt: () => unknown): boolean {
  try {
    attempt();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.NotCapable;
  }
}

// SIGHUP says when.
Deno.addSignalListener("SIGHUP", () => {
  const states = Object.fromEntries(names.map((name) => [name, Deno.permissions.querySync({ name }).state]));
  const open = Object.entries(attempts).filter(([, attempt]) => !refused(attempt)).map(([name]) => name);
  console.log(JSON.stringify({ states, open }));
});
Deno.exit(await runCli(Deno.args));
