// Many TCP connections that stay open: COUNT to each ADDRESS…, port 8080. Told by SIGUSR1 it sends something by each of them;
// as answers come it prints the round's number and how many each address has answered.

const [count, ...addresses] = Deno.args;

let round = 0;
const answered = addresses.map(() => 0);
const connections = (await Promise.all(
  addresses.map((hostname, which) =>
    Promise.all(Array.from({ length: Number(count) }, async () => {
      const connection = await Deno.connect({ hostname, port: 8080 });
      await connection.read(new Uint8Array("hello".length));
      listen(connection, which).catch(() => {});
      return connection;
    }))
  ),
)).flat();
console.log("open");

let told = "";
setInterval(() => {
  const text = `${round} ${JSON.stringify(answered)}`;
  if (text !== told) console.log(told = text);
}, 20);

Deno.addSignalListener("SIGUSR1", () => {
  round++;
  answered.fill(0);
  for (const connection of connections) connection.write(new Uint8Array([round])).catch(() => {});
});

/** What was sent in earlier rounds may come late, together with this one's. */
async function listen(connection: Deno.Conn, which: number): Promise<void> {
  const buffer = new Uint8Array(100);
  for (;;) {
    const size = await connection.read(buffer);
    if (size === null) return;
    if (buffer.subarray(0, size).includes(round)) answered[which]++;
  }
}
