// Where the kernel sends packets: asked from every local address to an address in every prefix that any table knows.

import { covers, formatIp, maskWords, parsePrefix, type Prefix } from "../../src/model/address.ts";
import { families, type Family, flag } from "./addressing.ts";
import type { Namespace } from "./netns.ts";
import { run } from "./process.ts";

/** One question: where a packet goes that a local address sends. */
export interface Question {
  from: string;
  to: string;
}

/** For each question, in their order, interface and gateway, or the kernel's refusal. */
export type Answers = string[];

/** The questions that a host's addresses and routes raise. */
export class Questions {
  private constructor(readonly host: Namespace, readonly asked: Question[]) {}

  /** `sources`: local addresses that no interface shows. */
  static async of(host: Namespace, sources: string[] = []): Promise<Questions> {
    const asked = await Promise.all(families.map(async (family) => {
      const local = [...await addresses(host, family), ...sources.filter((one) => isOf(family, one))];
      const probes = probesIn(await prefixes(host, family));
      return local.flatMap((from) => probes.map((to): Question => ({ from, to })));
    }));
    return new Questions(host, asked.flat());
  }

  /** The kernel's answers. */
  ask(): Promise<Answers> {
    return ask(this.host, this.asked);
  }

  /** What main alone answers: for as long as it is asked, it stands in front of all rules. */
  async askMain(): Promise<Answers> {
    const rules = ["priority 1 lookup main", "priority 2 unreachable"];
    const all = (op: "add" | "delete") =>
      Promise.all(
        families.map((family) => this.host.batch(rules.map((rule) => `rule ${op} ${rule}`), family)),
      );
    await all("add");
    try {
      return await this.ask();
    } finally {
      await all("delete");
    }
  }

  /** A question in words. */
  text(number: number): string {
    const { from, to } = this.asked[number];
    return `${from} -> ${to}`;
  }
}

/** Addresses that no test's route is about: they show where the default leads. */
const world: Record<Family, string[]> = {
  IPv4: ["203.0.113.9", "192.0.2.9"],
  IPv6: ["2001:db8:c::9", "2001:db8:9999::9"],
};

/** The kernel's answers to any questions. */
export async function ask(host: Namespace, questions: readonly Question[]): Promise<Answers> {
  const lines = questions.map(({ to, from }) => `route get ${to} from ${from}`);
  const command = ["ip", "-n", host.name, "-j", "-force", "-batch", "-"];
  const { stdout, stderr } = await run(command, { stdin: lines.join("\n") + "\n" });
  const refused = refusals(stderr);
  const given = stdout.split("\n").filter((line) => line !== "").map(wayOf);
  if (given.length + refused.size !== lines.length) throw new Error(`answers are missing: ${stderr}`);
  return lines.map((_, i) => refused.get(i + 1) ?? given.shift()!);
}

/** What `ip -batch` says of the commands that failed, by their line. */
function refusals(stderr: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const [, why, line] of stderr.matchAll(/(.*)\nCommand failed -:(\d+)/g)) found.set(Number(line), why);
  return found;
}

/** The way out: without what the source of the packet would be, and without the table that told it. */
function wayOf(json: string): string {
  const [{ type = "unicast", dev, gateway, via }] = JSON.parse(json);
  return [type, gateway ?? via?.host, dev].filter((word) => word !== undefined).join(" ");
}

async function addresses(host: Namespace, family: Family): Promise<string[]> {
  const links = JSON.parse(await host.ip(`-j ${flag(family)} address show scope global`));
  return links.flatMap((link: { addr_info?: { local?: string }[] }) =>
    (link.addr_info ?? []).flatMap(({ local }) => local ?? [])
  );
}

/** The destinations of all routes but those of the local table. */
async function prefixes(host: Namespace, family: Family): Promise<Prefix[]> {
  const routes: { dst: string; table?: string }[] = JSON.parse(
    await host.ip(`-j ${flag(family)} route show table all`) || "[]",
  );
  const texts = new Set(routes.filter(({ table }) => table !== "local").map(({ dst }) => dst));
  texts.delete("default");
  for (const ip of world[family]) texts.add(ip);
  return [...texts].map((text) => parsePrefix(text)!);
}

/** In each prefix an address that no longer one of them holds, where there is one. */
function probesIn(prefixes: readonly Prefix[]): string[] {
  const probes = prefixes.map((prefix) => {
    const candidates = [9, 77, 201, 1].map((host) => addressIn(prefix, host));
    const longer = prefixes.filter((other) => other.length > prefix.length);
    return candidates.find((one) => !longer.some((other) => covers(other, one))) ?? candidates[0];
  });
  return [...new Set(probes.map(({ family, words }) => formatIp(family, words)))];
}

function addressIn({ family, words, length }: Prefix, host: number): Prefix {
  const full = words.length * 32;
  const last = words.length - 1;
  const all = words.map((word, i) => i === last ? (word | host) >>> 0 : word);
  const outside = maskWords(all.map((word, i) => (word ^ words[i]) >>> 0), length).some((word) => word !== 0);
  return { family, words: outside ? words : all, length: full };
}

function isOf(family: Family, address: string): boolean {
  return address.includes(":") === (family === "IPv6");
}
