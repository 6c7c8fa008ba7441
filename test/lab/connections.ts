// Many TCP connections at once to the service on the host, each from a port of its own: COUNT MILLISECONDS ADDRESS…
// Prints how many of those to each address were greeted.

const [count, patience, ...addresses] = Deno.args;

async function isGreeted(hostname: string): Promise<boolean> {
  const signal = AbortSignal.timeout(Number(patience));
  try {
    using connection = await Deno.connect({ hostname, port: 8080, signal });
    const give = () => connection.close();
    signal.addEventListener("abort", give);
    const buffer = new Uint8Array(5);
    const size = await connection.read(buffer);
    signal.removeEventListener("abort", give);
    return size === 5 && new TextDecoder().decode(buffer) === "hello";
  } catch {
    return false;
  }
}

const greeted = await Promise.all(addresses.map(async (address) => {
  const all = await Promise.all(Array.from({ length: Number(count) }, () => isGreeted(address)));
  return all.filter((one) => one).length;
}));
console.log(JSON.stringify(greeted));
