// Connects to the service at the given address; exit status 0 when it greets within a second.

setTimeout(() => Deno.exit(1), 1000);
const connection = await Deno.connect({ hostname: Deno.args[0], port: 8080 });
const greeting = await new Response(connection.readable).text();
Deno.exit(greeting === "hello" ? 0 : 1);
