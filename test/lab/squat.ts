// Holds the name of symrouted's place in this network namespace, from the moment at which it can be had.

const address = { transport: "unix", path: "\0symrouted" } as const;

function take(): Deno.UnixListener | undefined {
  try {
    return Deno.listen(address);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    return undefined;
  }
}

console.log("trying");
let name: Deno.UnixListener | undefined;
while (!(name = take())) await new Promise((resolve) => setTimeout(resolve));
console.log("holding");
await new Promise(() => setInterval(() => name, 1000));
