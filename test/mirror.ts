// Where this machine's own packages come from: the whole of its distribution can be had from there again.

import { asRoot } from "./lab/isolation.ts";

/** A distribution's packages. */
export interface Mirror {
  distribution: "Debian" | "Ubuntu";
  /** The distribution's code name, such as `bookworm`. */
  suite: string;
  url: string;
  /** What makes programs use the proxies that the package manager uses. */
  proxies: Record<string, string>;
}

/** The mirror that this machine installs Debian or Ubuntu from; undefined where it is neither. */
export async function ownMirror(): Promise<Mirror | undefined> {
  const found = await indexes() ?? (await output([...asRoot(), "apt-get", "update", "-qq"]), await indexes());
  if (!found) return undefined;
  return { ...found, url: await resolved(found.url), proxies: await proxies() };
}

/** What apt knows of the distribution's own packages, without those of updates; it knows nothing before it has been updated. */
async function indexes(): Promise<Omit<Mirror, "proxies"> | undefined> {
  const format = "$(ORIGIN) $(SUITE) $(CODENAME) $(REPO_URI)";
  const filters = ["Identifier: Packages", "Component: main"];
  const text = await output(["apt-get", "indextargets", "--format", format, ...filters]);
  const found = text.split("\n").flatMap((line) => {
    const [distribution, suite, codename, url] = line.split(" ");
    if (distribution !== "Debian" && distribution !== "Ubuntu") return [];
    return suite.includes("-") ? [] : [{ distribution, suite: codename, url } as const];
  });
  const release = await Deno.readTextFile("/etc/os-release").catch(() => "");
  const installed = /^VERSION_CODENAME="?([^"\n]*)/m.exec(release)?.[1];
  return found.find(({ suite }) => suite === installed) ?? found[0];
}

/** A list of mirrors stands for its first. */
async function resolved(url: string): Promise<string> {
  const list = /^mirror\+file:\/*(\/[^?]*?)\/?$/.exec(url)?.[1];
  return list ? (await Deno.readTextFile(list)).trim().split(/\s/)[0] : url;
}

async function proxies(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const scheme of ["http", "https"]) {
    const text = await output(["apt-config", "dump", `Acquire::${scheme}::Proxy`]);
    const proxy = /^\S+::Proxy "(.+)";$/m.exec(text)?.[1] ?? Deno.env.get(`${scheme}_proxy`);
    if (proxy && proxy !== "DIRECT") found[`${scheme}_proxy`] = proxy;
  }
  return found;
}

/** What a program prints; nothing where it cannot be run. */
async function output([program, ...args]: string[]): Promise<string> {
  const command = new Deno.Command(program, { args, stdin: "null", stderr: "null" });
  const { stdout } = await command.output().catch(() => ({ stdout: new Uint8Array() }));
  return new TextDecoder().decode(stdout);
}
