// `deno task try`: shows the main job on a host, two firewalls and a client made of network namespaces. It
// installs what is missing, changes nothing else on this machine, and leaves nothing behind.

import { client, families } from "./lab/addressing.ts";
import { canIsolate, isIsolated, isolate } from "./lab/isolation.ts";
import { answersPing, answersTcp } from "./lab/observe.ts";
import { cacheDependencies, offline } from "./lab/offline.ts";
import { symrouted } from "./lab/symrouted.ts";
import { World } from "./lab/world.ts";
import { setup } from "./setup.ts";

const colours = Deno.stdout.isTerminal() && !Deno.noColor;
const bold = (text: string) => paint(1, text);
const good = (text: string) => paint(32, text);
const bad = (text: string) => paint(31, text);

/** Ping and TCP, in each family. */
const ALL = 2 * families.length;

Deno.exit(isIsolated() ? await show() : await prepare());

/** Gets everything ready and runs this file again in namespaces of its own. */
async function prepare(): Promise<number> {
  await setup("try");
  if (!await canIsolate()) {
    console.error(
      "network namespaces cannot be made here: that needs root or sudo, and in a container `--privileged`",
    );
    return 1;
  }
  const file = new URL(import.meta.url).pathname;
  await cacheDependencies([new URL("../src/main.ts", import.meta.url).pathname]);
  const command = [Deno.execPath(), "run", "-A", "--no-prompt", "--cached-only", file];
  return await isolate(command, await offline());
}

/** The demonstration; gives the exit status. */
async function show(): Promise<number> {
  await using world = await World.build();
  const [first, second] = world.uplinks;
  say(`
${bold("A host with two uplinks, each behind a stateful firewall, and one client behind both.")}
The host's default route leads by ${first.device}. The client asks for ${second.device}'s address.

${bold("Without symrouted:")}

    client ${client.IPv4} ── request ──▶ firewall 2 ──▶ ${second.device} ╮
                                                         host ${second.IPv4.address}
    client ${client.IPv4}          ${bad("✗")} ◀── firewall 1 ◀── ${first.device} ╯
                                     saw no request and drops the reply
`);
  const [firstBefore, secondBefore] = await ask(world);
  if (firstBefore !== ALL || secondBefore !== 0) {
    return fail("only the first uplink should have answered: nothing is shown by this");
  }

  say(`\n${bold("$ symrouted --once")}`);
  const { code, stdout, stderr } = await symrouted(world.host, ["--once"]);
  say((stdout + stderr).trimEnd());
  if (code !== 0) return fail(`symrouted ended with exit status ${code}`);

  say(`
${bold("With symrouted:")}

    client ${client.IPv4} ── request ──▶ firewall 2 ──▶ ${second.device} ╮
                                                         host ${second.IPv4.address}
    client ${client.IPv4} ◀── reply ──── firewall 2 ◀── ${second.device} ╯ ${good("✓")}
`);
  const answered = await ask(world);
  const commands = ["ip rule", ...world.uplinks.map(({ table }) => `ip route show table ${table}`)];
  for (const command of commands) {
    const { stdout, stderr } = await world.host.run(command.split(" "));
    say(`\n${bold(`$ ${command}`)}\n${(stdout + stderr).trimEnd()}`);
  }
  if (answered.some((count) => count !== ALL)) return fail("not every uplink answered");
  say(`\n${good("Both uplinks answer, in IPv4 and IPv6.")} All of this was in namespaces and is gone now.`);
  return 0;
}

/** Lets the client ask all uplinks, says what it got, and gives the number of answers by uplink. */
async function ask(world: World): Promise<number[]> {
  const asked = world.uplinks.map(async ({ device, ...sides }) => {
    const results = await Promise.all(families.map(async (family) => {
      const { address } = sides[family];
      const [ping, tcp] = await Promise.all([answersPing(world, address), answersTcp(world, address)]);
      return { address, ping, tcp };
    }));
    return { device, results };
  });
  const answered: number[] = [];
  for (const { device, results } of await Promise.all(asked)) {
    for (const { address, ping, tcp } of results) {
      say(`    ${device} ${address.padEnd(13)}   ${mark("ping", ping)}   ${mark("TCP", tcp)}`);
    }
    answered.push(results.flatMap(({ ping, tcp }) => [ping, tcp]).filter((answer) => answer).length);
  }
  return answered;
}

function mark(what: string, answered: boolean): string {
  return answered ? good(`✓ ${what} answered  `) : bad(`✗ ${what} unanswered`);
}

function fail(message: string): number {
  console.error(bad(`\nThis is not as it should be: ${message}.`));
  return 1;
}

function paint(code: number, text: string): string {
  return colours ? `\x1b[${code}m${text}\x1b[0m` : text;
}

function say(text: string): void {
  console.log(text);
}
