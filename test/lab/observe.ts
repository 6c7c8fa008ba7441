// What a test sees of the world: the kernel's state as `ip` prints it, and whether the client gets answers.

import assert from "node:assert/strict";
import { families, type Family, flag } from "./addressing.ts";
import type { Namespace } from "./netns.ts";
import { must, patience } from "./process.ts";
import type { World } from "./world.ts";

/** Seconds that an answer may take. */
const WAIT = Math.min(patience, 15);

/** Connects to the service at the address; exit status 0 when it greets. */
export const CONNECT = 'exec 3<>"/dev/tcp/$1/8080" || exit; read -r greeting <&3; [ "$greeting" = hello ]';

/** The rules of one family as `ip rule` prints them, in its order. */
export async function rules(host: Namespace, family: Family): Promise<string[]> {
  return lines(await host.ip(`${flag(family)} rule show`)).map((line) => line.replace(/:\s+/, ": "));
}

/** The source rules with symrouted's protocol, as `from … lookup …`, sorted. */
export async function sourceRules(host: Namespace, family: Family): Promise<string[]> {
  const ours = (await rules(host, family)).filter((line) => line.endsWith(" proto 115"));
  return ours.map((line) => line.replace(/^\d+: /, "").replace(/ proto 115$/, "")).sort();
}

/** The routes of one table, sorted. */
export async function routes(host: Namespace, table: number | string, family: Family): Promise<string[]> {
  const { code, stdout, stderr } = await host.run(
    ["ip", flag(family), "route", "show", "table", String(table)],
  );
  // A table that nobody has used yet does not exist for the kernel; for us it is empty.
  if (code !== 0 && !/table does not exist|dump terminated/.test(stderr)) throw new Error(stderr);
  return lines(stdout).sort();
}

/** Asserts that each uplink's table has exactly main's routes by that uplink, of which there are at least `least`. */
export async function assertMirrored(
  { host, uplinks }: World,
  options: { families?: readonly Family[]; least?: number } = {},
): Promise<void> {
  for (const family of options.families ?? families) {
    const main = await routes(host, "main", family);
    for (const { device, table } of uplinks) {
      const own = main.filter((route) => `${route} `.includes(` dev ${device} `));
      const least = options.least ?? 0;
      assert.ok(own.length >= least, `main has only ${own.length} routes by ${device}`);
      // What main routes by another interface is left to main.
      const mine = new Set(own);
      const elsewhere = new Set(main.filter((route) => !mine.has(route)).map((route) => route.split(" ")[0]));
      const found = (await routes(host, table, family)).filter((route) =>
        !route.startsWith("throw ") || !elsewhere.has(route.split(" ")[1])
      );
      const { lost, left } = mismatch(own, found);
      const some = [...lost.map((one) => `lost: ${one}`), ...left.map((one) => `left over: ${one}`)].slice(
        0,
        9,
      );
      const counts = `${lost.length} of ${own.length} routes lost, ${left.length} left over`;
      assert.ok(some.length === 0, [`${family}, table ${table}: ${counts}`, ...some].join("\n"));
    }
  }
}

/** What a list lacks of what is wanted, and what it has beyond that; both are sorted. */
function mismatch(wanted: string[], found: string[]): { lost: string[]; left: string[] } {
  const lost: string[] = [], left: string[] = [];
  for (let i = 0, j = 0; i < wanted.length || j < found.length;) {
    if (wanted[i] === found[j]) i++, j++;
    else if (j >= found.length || wanted[i] < found[j]) lost.push(wanted[i++]);
    else left.push(found[j++]);
  }
  return { lost, left };
}

/** Everything that symrouted could change, and the addresses, as `ip` prints them; rules are sorted. */
export async function state(host: Namespace): Promise<string> {
  const [ipv4, ipv6, addresses] = await Promise.all([
    ...families.map((family) => rulesAndRoutes(host, family)),
    host.ip("address show"),
  ]);
  return [ipv4, ipv6, addresses].join("\n--\n");
}

/** In one go, because it is asked for often. */
async function rulesAndRoutes(host: Namespace, family: Family): Promise<string> {
  const stdin = "rule show\nroute show table all\n";
  const all = lines(await must(["ip", "-n", host.name, flag(family), "-batch", "-"], { stdin }));
  const isRule = (line: string) => /^\d+:\s/.test(line);
  const rules = all.filter(isRule).map((line) => line.replace(/:\s+/, ": "));
  return [...rules.sort(), "--", ...all.filter((line) => !isRule(line))].join("\n");
}

/** The interface that the kernel would send a reply from this local address to the client by. */
export async function replyDevice(host: Namespace, to: string, from: string): Promise<string | undefined> {
  const { stdout } = await host.run(["ip", "route", "get", to, "from", from]);
  return / dev (\S+)/.exec(stdout)?.[1];
}

/** Whether the address answers the client's echo request within a second, or longer where all is slow. */
export async function answersPing(world: World, address: string): Promise<boolean> {
  const { code } = await world.client.run(["ping", "-n", "-c1", `-W${WAIT}`, address]);
  return code === 0;
}

/** Which of the addresses answer the client's echo request at once. */
export async function answerAtOnce({ client }: World, addresses: readonly string[]): Promise<string[]> {
  const codes = await Promise.all(addresses.map(async (address) => {
    const { code } = await client.run(["ping", "-n", "-c1", "-W0.3", address]);
    return code;
  }));
  return addresses.filter((_, which) => codes[which] === 0);
}

/** Whether the address answers the client's TCP connection within a second, or longer where all is slow. */
export async function answersTcp(world: World, address: string): Promise<boolean> {
  await world.serve();
  const command = ["timeout", String(WAIT), "bash", "-c", CONNECT, "bash", address];
  const { code } = await world.client.run(command);
  return code === 0;
}

/** Asserts that without the program only the first uplink answers: what is to be cured is broken. */
export async function assertBroken(world: World, family: Family): Promise<void> {
  const [first, ...others] = world.uplinks.map((uplink) => uplink[family].address);
  const answered = await Promise.all([first, ...others].map((address) => answers(world, address)));
  assert.deepEqual(answered, [true, ...others.map(() => false)], "the control must fail without symrouted");
}

/** Asserts that every uplink answers. */
export async function assertCured(world: World, family: Family): Promise<void> {
  for (const uplink of world.uplinks) {
    const { address } = uplink[family];
    assert.equal(await answers(world, address), true, `${uplink.device}'s ${address} does not answer`);
  }
}

/** Whether the address answers the client by ping and by TCP; throws where only one of them works. */
export async function answers(world: World, address: string): Promise<boolean> {
  await world.serve();
  const [ping, tcp] = await Promise.all([answersPing(world, address), answersTcp(world, address)]);
  if (ping !== tcp) throw new Error(`${address}: ping ${ping}, TCP ${tcp}`);
  return ping;
}

/** The lines of a text, without blanks at their ends and without empty ones. */
export function lines(text: string): string[] {
  return text.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "");
}

/** The lines that only one of two texts has, with `-` and `+`; else the first two that are in each other's place. */
export function difference(a: string, b: string): string[] {
  const [left, right] = [lines(a), lines(b)];
  const found = [
    ...surplus(left, right).map((line) => `- ${line}`),
    ...surplus(right, left).map((line) => `+ ${line}`),
  ];
  const moved = left.findIndex((line, i) => line !== right[i]);
  return found.length > 0 || moved < 0 ? found : [`- ${left[moved]}`, `+ ${right[moved]}`];
}

function surplus(texts: readonly string[], others: readonly string[]): string[] {
  const left = Map.groupBy(others, (text) => text);
  return texts.filter((text) => left.get(text)?.pop() === undefined);
}

export function assertSame(is: string, wanted: string): void {
  const found = difference(is, wanted);
  assert.equal(found.length, 0, `what it is (-) is not what it should be (+):\n${found.join("\n")}`);
}
