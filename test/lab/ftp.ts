// A server of FTP (RFC 959, and RFC 2428 for IPv6) on port 21 that has one short file of any name.

const FILE = "a file\n";

const listener = Deno.listen({ hostname: "::", port: 21 });
console.log("listening");
for await (const connection of listener) talk(connection).catch(() => {});

async function talk(control: Deno.TcpConn): Promise<void> {
  const say = (text: string) => control.write(new TextEncoder().encode(`${text}\r\n`));
  let data: (() => Promise<Deno.Conn>) | undefined;
  let rest = "";
  await say("220 ready");
  for await (const text of control.readable.pipeThrough(new TextDecoderStream(), { preventCancel: true })) {
    const lines = (rest + text).split("\r\n");
    rest = lines.pop()!;
    for (const line of lines) await obey(line);
  }

  async function obey(line: string): Promise<unknown> {
    const [, word, argument] = /^(\w+) ?(.*)$/.exec(line) ?? [];
    switch (word) {
      case "USER":
        return await say("230 welcome");
      case "TYPE":
        return await say("200 as you like");
      case "PASV":
      case "EPSV": {
        const { hostname } = control.localAddr as Deno.NetAddr;
        const passive = Deno.listen({ hostname, port: 0 });
        data = () => passive.accept();
        const { port } = passive.addr as Deno.NetAddr;
        const host = hostname.replace("::ffff:", "").replaceAll(".", ",");
        return await say(
          word === "EPSV"
            ? `229 Entering Extended Passive Mode (|||${port}|)`
            : `227 Entering Passive Mode (${host},${port >> 8},${port & 255})`,
        );
      }
      case "PORT": {
        const numbers = argument.split(",");
        const port = Number(numbers[4]) * 256 + Number(numbers[5]);
        data = () => Deno.connect({ hostname: numbers.slice(0, 4).join("."), port });
        return await say("200 so be it");
      }
      case "EPRT": {
        const [, , hostname, port] = argument.split("|");
        data = () => Deno.connect({ hostname, port: Number(port) });
        return await say("200 so be it");
      }
      case "RETR": {
        await say("150 here it comes");
        using connection = await data!();
        await connection.write(new TextEncoder().encode(FILE));
        return await say("226 that was it");
      }
      case "QUIT":
        return await say("221 goodbye");
      default:
        return await say("502 unknown");
    }
  }
}
