/**
 * One daemon for each network namespace: two would undo each other's work. A name is held, so that of many that start at
 * once one stays; but anybody can hold a name. A daemon is known by its marked port, which only who may change routes has.
 */

import { Claim, type MarkedPort, markedPorts, Port } from "./kernel/claim.ts";
import { keepOpen, setVariable } from "./kernel/system.ts";
import type { Log } from "./log.ts";
import { EXIT, Failure } from "./status.ts";

const NAME = "symrouted";

/** What a daemon leaves to its successor, the program that has taken its place: "PID PORT NAME ASKER", of descriptors. */
const VARIABLE = "SYMROUTED_PLACE";

/** Who has the name and is not marked may be about to be, or about to end: so often it is looked, at so many milliseconds. */
const ATTEMPTS = 5, INTERVAL = 20;

/** Takes the daemon's place in this network namespace, or what its predecessor has left. Throws where another has it. */
export async function takePlace(log: Log): Promise<Place> {
  const inherited = inherit();
  if (inherited) return inherited;
  const port = Port.open();
  let claim: Claim | undefined;
  try {
    for (let attempt = 1; attempt <= ATTEMPTS && !claim; attempt++) {
      if (attempt > 1) await new Promise((resolve) => setTimeout(resolve, INTERVAL));
      claim = Claim.take(NAME);
      requireNone();
    }
    port.mark();
    // Where somebody else holds the name another one may have come as far at the same time.
    requireNone(port);
    if (!claim) log.warn(`the name @${NAME} is held by a process that is no daemon: it is done without`);
    return new Place(port, claim);
  } catch (error) {
    claim?.[Symbol.dispose]();
    port[Symbol.dispose]();
    throw error;
  }
}

function requireNone(own?: Port): void {
  const other = findDaemon(own);
  if (other) throw new Failure(EXIT.failed, "not started", runsHere(other), "stop it first");
}

/** The daemon's place in a network namespace. It is given up with the process, however that ends. */
export class Place implements Disposable {
  readonly port: Port;
  readonly #claim?: Claim;
  /** The port of who has asked for this successor and awaits its word. */
  readonly asker?: number;

  constructor(port: Port, claim?: Claim, asker?: number) {
    this.port = port;
    this.#claim = claim;
    this.asker = asker;
  }

  /** Leaves it to the program that takes this one's place next; what is given back takes that back. */
  leave(asker: number): () => void {
    const fds = [this.port.fd, ...this.#claim ? [this.#claim.fd] : []];
    for (const fd of fds) keepOpen(fd, true);
    setVariable(VARIABLE, [Deno.pid, this.port.fd, this.#claim?.fd ?? "-", asker].join(" "));
    return () => {
      for (const fd of fds) keepOpen(fd, false);
      setVariable(VARIABLE, undefined);
    };
  }

  [Symbol.dispose](): void {
    this.#claim?.[Symbol.dispose]();
    this.port[Symbol.dispose]();
  }
}

/** What has been left to this very process. */
function left(): string[] | undefined {
  const words = Deno.env.get(VARIABLE)?.split(" ");
  return words?.[0] === `${Deno.pid}` ? words.slice(1) : undefined;
}

function inherit(): Place | undefined {
  const [fd, name, asker] = left() ?? [];
  setVariable(VARIABLE, undefined);
  const port = fd === undefined ? undefined : Port.inherit(Number(fd));
  return port && new Place(port, name === "-" ? undefined : Claim.inherit(Number(name)), Number(asker));
}

/** The daemon of this network namespace, but for this process's own port. */
export function findDaemon(own?: Port): MarkedPort | undefined {
  return markedPorts().find(({ number }) => number !== own?.number);
}

/** In words, the daemon that runs in this network namespace; undefined where none does. */
export function daemonHere(): string | undefined {
  const daemon = findDaemon();
  return daemon && runsHere(daemon);
}

function runsHere({ inode }: MarkedPort): string {
  const pid = holderOf(inode);
  const who = pid === undefined ? "a process that cannot be seen from here" : `process ${pid}`;
  return `symrouted runs in this network namespace already, as ${who}`;
}

/** The process that has the socket open; undefined where it cannot be seen from here. */
function holderOf(inode: string): string | undefined {
  for (const { name } of list("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const folder = `/proc/${name}/fd`;
    if (list(folder).some((one) => linkOf(`${folder}/${one.name}`) === `socket:[${inode}]`)) return name;
  }
  return undefined;
}

/** What a folder has; nothing where it cannot be read, or has gone. */
function list(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch {
    return [];
  }
}

function linkOf(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}
