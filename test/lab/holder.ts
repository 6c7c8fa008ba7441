// A service on the host that keeps every TCP connection open, to any of its addresses, in both families.

const listener = Deno.listen({ hostname: "::", port: 8081 });
const held: Deno.Conn[] = [];
console.log("listening");
for await (const connection of listener) held.push(connection);
