// A service on the host that greets every TCP connection, to any of its addresses, in both families.

const listener = Deno.listen({ hostname: "::", port: 8080 });
console.log("listening");
for await (const connection of listener) {
  connection.write(new TextEncoder().encode("hello"))
    // A greeting that finds no way back to its client is what the tests are about.
    .catch(() => {})
    .finally(() => connection.close());
}
