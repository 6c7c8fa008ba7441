// Asks in many ways at once, as the questions (JSON) say, and prints which of them were answered: LONG SHORT QUESTIONS. It
// waits LONG milliseconds for those that are wanted, and when they are there SHORT more for the others.

import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { Asked, Question } from "./questions.ts";

const [long, short] = Deno.args.map(Number);
const questions: Asked[] = JSON.parse(Deno.args[2]);
const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), long));

const ways = { tcp, udp, ping };
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
  const sending = connection.write(new Uint8Array(size).fill(120));
  const buffer = new Uint8Array(65_536);
  for (let missing = "hello".length + size; missing > 0;) {
    const read = await connection.read(buffer);
    if (read === null) return false;
    missing -= read;
  }
  await sending;
  return true;
}

/** What is lost is sent again: the first fragments may come before the way to their receiver is known. */
async function udp({ address, port, size = 1 }: Question): Promise<boolean> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.connect(port, address);
  await once(socket, "connect");
  const send = () => socket.send(new Uint8Array(size));
  send();
  setInterval(send, 500);
  const [message] = await once(socket, "message");
  return message.length === size;
}

async function ping({ address, size = 56 }: Question): Promise<boolean> {
  const args = ["-n", "-c1", `-s${size}`, `-W${long / 1000}`, address];
  const { success } = await new Deno.Command("ping", { args, stdout: "null", stderr: "null" }).output();
  return success;
}
