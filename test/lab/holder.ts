// A service on the host that keeps every TCP connection open and sends back what it gets, at any of its addresses, in
// both families.

const listener = Deno.listen({ hostname: "::", port: 8081 });
console.log("listening");
for await (const connection of listener) {
  connection.readable.pipeTo(connection.writable)
    // One that is cut is what the tests are about.
    .catch(() => {});
}
