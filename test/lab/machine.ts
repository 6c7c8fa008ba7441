// A host that anything can happen to, and the namespace that its cables lead to.

import { batch, Namespace } from "./netns.ts";
import { lines, state } from "./observe.ts";
import { eventually, run } from "./process.ts";

/** What happens to a host. Commands that cannot be carried out there change nothing. */
export interface Happening {
  readonly name: string;
  /** `ip` commands where the links' other ends are; HOST stands for the host's namespace. */
  readonly far?: readonly string[];
  /** `ip` commands on the host, after those. */
  readonly host?: readonly string[];
  readonly sysctl?: Readonly<Record<string, number>>;
}

/** A host, and beside it what its cables lead to. */
export class Machine implements AsyncDisposable {
  private constructor(readonly host: Namespace, readonly far: Namespace) {}

  static async build(): Promise<Machine> {
    const [host, far] = await Namespace.create(["host", "far"]);
    await host.sysctl(settings);
    await batch(["-n", host.name], ["link set lo up"]);
    return new Machine(host, far);
  }

  /** Has them happen one after the other; returns when the links are what they are to be. */
  async undergo(happenings: readonly Happening[]): Promise<void> {
    for (const happening of happenings) await this.#undergo(happening);
  }

  async #undergo({ far = [], host = [], sysctl = {} }: Happening): Promise<void> {
    await this.#force(this.far, far.map((line) => line.replaceAll("HOST", this.host.name)));
    await this.#force(this.host, host);
    if (Object.keys(sysctl).length > 0) await this.host.sysctl(sysctl);
    if (far.length > 0 || host.some((line) => line.startsWith("link "))) await this.#settle();
  }

  /** What `state` says, in words that are the same on every machine, a multipath route in one line. */
  async state(): Promise<string> {
    return (await state(this.host)).replaceAll(this.far.name, "far").replaceAll(/\s+nexthop /g, " nexthop ");
  }

  async #force(where: Namespace, commands: readonly string[]): Promise<void> {
    if (commands.length === 0) return;
    const stdin = commands.map((line) => `${line}\n`).join("");
    await run(["ip", "-n", where.name, "-force", "-batch", "-"], { stdin });
  }

  /** Waits for carriers, and for the addresses that become usable with them; a bridge without ports has none. */
  async #settle(): Promise<void> {
    await eventually(async () => {
      const asked = ["-o link show up", "-o -6 address show tentative"].map((args) => this.host.ip(args));
      const [up, tentative] = (await Promise.all(asked)).map((text) =>
        lines(text).filter((line) => !/: br\d/.test(line))
      );
      const waiting = [...up.filter((line) => /NO-CARRIER|LOWERLAYERDOWN/.test(line)), ...tentative];
      if (waiting.length > 0) throw new Error(waiting.join("\n"));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.host[Symbol.asyncDispose](), this.far[Symbol.asyncDispose]()]);
  }
}

/** Nothing is to come by itself: no advertisements, no detection of duplicates, no addresses but the given. */
const settings = {
  "ipv6/conf/all/accept_dad": 0,
  "ipv6/conf/default/accept_dad": 0,
  "ipv6/conf/default/accept_ra": 0,
  "ipv6/conf/default/router_solicitations": 0,
  "ipv6/conf/default/addr_gen_mode": 1,
  // A second address of a network stays when the first one goes.
  "ipv4/conf/all/promote_secondaries": 1,
};
