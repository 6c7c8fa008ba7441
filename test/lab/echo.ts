// A service on a port of TCP and of UDP: PORT [ADDRESS]. It greets who connects, and gives back what it is sent.

import { createSocket } from "node:dgram";

const [port, hostname = "::"] = Deno.args;

const socket = createSocket(hostname.includes(":") ? "udp6" : "udp4");
socket.on("message", (message, { address, port }) => socket.send(message, port, address));
socket.bind(Number(port), hostname, () => serve(Deno.listen({ hostname, port: Number(port) })));

async function serve(listener: Deno.Listener): Promise<void> {
  console.log("listening");
  for await (const connection of listener) echo(connection).catch(() => {});
}

async function echo(connection: Deno.Conn): Promise<void> {
  await connection.write(new TextEncoder().encode("hello"));
  await connection.readable.pipeTo(connection.writable);
}
