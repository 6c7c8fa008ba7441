// A proxy in user space, as published ports have without translation: PORT TO_ADDRESS TO_PORT UDP_ADDRESS… A UDP service of
// several addresses has a socket for each of them: what one socket for all sends leaves with the address that main chooses.

import { createSocket } from "node:dgram";

const [port, to, toPort, ...addresses] = Deno.args;

for (const address of addresses) {
  const outer = createSocket(address.includes(":") ? "udp6" : "udp4");
  outer.on("message", (message, client) => {
    const inner = createSocket(to.includes(":") ? "udp6" : "udp4");
    inner.once("message", (answer) => outer.send(answer, client.port, client.address, () => inner.close()));
    inner.send(message, Number(toPort), to);
  });
  await new Promise<void>((resolve) => outer.bind(Number(port), address, resolve));
}
const listener = Deno.listen({ hostname: "::", port: Number(port) });
console.log("listening");
for await (const connection of listener) relay(connection).catch(() => {});

async function relay(outer: Deno.Conn): Promise<void> {
  const inner = await Deno.connect({ hostname: to, port: Number(toPort) });
  await Promise.all([outer.readable.pipeTo(inner.writable), inner.readable.pipeTo(outer.writable)]);
}
