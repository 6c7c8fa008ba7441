// Asks in many ways at once, as the questions (JSON) say, and prints which of them were answered: LONG SHORT QUESTIONS. It
// waits LONG milliseconds for those that are wanted, and when they are there SHORT more for the others.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { Asked, Question } from "./questions.ts";

const [long, short] = Deno.args.map(Number);
const questions: Asked[] = JSON.parse(Deno.args[2]);
const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), long));

const ways = { tcp, udp, ping, refusal, unreachable };
const answered = questions.map(() => false);
const answers = questions.map(async (question, which) => {
  answered[which] = await Promise.race([late, ways[question.how](question).catch(() => false)]);
});
await Promise.all(answers.filter((_, which) => questions[which].wanted));
if (questions.some(({ wanted }) => !wanted)) await new Promise((resolve) => setTimeout(resolve, short));
console.log(JSON.stringify(answered));
Deno.exit();

async function tcp({ address, port, size = 1 }: Question): Promise<boolean> {
  using connection = await Deno.connect({ hostname: address, port });
  const sending = send(connection, size);
  const buffer = new Uint8Array(65_536);
  for (let missing = "hello".length + size; missing > 0;) {
    const read = await connection.read(buffer);
    if (read === null) return false;
    missing -= read;
  }
  await sending;
  return true;
}

async function send(connection: Deno.Conn, size: number): Promise<void> {
  for (let sent = 0; sent < size;) sent += await connection.write(new Uint8Array(size - sent));
}

/** What is lost is sent again: the first fragments may come before the way to their receiver is known. */
async function udp({ address, port, size = 1 }: Question): Promise<boolean> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.connect(port, address);
  await once(socket, "connect");
  const repeat = () => socket.send(new Uint8Array(size));
  repeat();
  setInterval(repeat, 500);
  const [message] = await once(socket, "message");
  return message.length === size;
}

async function ping({ address, size = 56 }: Question): Promise<boolean> {
  const args = ["-n", "-c1", `-s${size}`, `-W${long / 1000}`, address];
  const { success } = await new Deno.Command("ping", { args, stdout: "null", stderr: "null" }).output();
  return success;
}

/** A TCP connection is refused where nobody listens. */
async function refusal({ address, port }: Question): Promise<boolean> {
  const connection = await Deno.connect({ hostname: address, port }).catch((error) => error);
  return connection instanceof Deno.errors.ConnectionRefused;
}

/** A datagram to where nobody listens is answered by an ICMP error, which only a plain socket tells of. */
async function unreachable({ address, port }: Question): Promise<boolean> {
  const script = 'exec 3<>"/dev/udp/$1/$2"; echo x >&3; read -t 9 -u 3 && exit 2; [ $? = 1 ]';
  const args = ["-c", script, "bash", address, String(port)];
  const { success } = await new Deno.Command("bash", { args, stdout: "null", stderr: "null" }).output();
  return success;
}
