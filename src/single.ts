/** One daemon for each network namespace: two would undo each other's work. */

import { Claim, type Holder, holderOf } from "./kernel/claim.ts";
import { Connection } from "./kernel/system.ts";
import type { Log } from "./log.ts";
import { EXIT, Failure, hasNetAdmin } from "./status.ts";

const NAME = "symrouted";

/** Who takes or gives up the name at this very moment is asked again so often, at intervals in milliseconds. */
const ATTEMPTS = 5, INTERVAL = 20;

/** Takes the daemon's place in this network namespace. Throws where another daemon has it. */
export async function takePlace(log: Log): Promise<Place> {
  for (let attempt = 1;; attempt++) {
    const claim = Claim.take(NAME);
    if (claim) return new Place(claim);
    const holder = holderOf(NAME);
    if (holder && !mayRoute(holder)) {
      log.warn(
        `${words(holder)} holds the name @${NAME} and is no daemon: ` +
          "whether another one runs in this network namespace is not known",
      );
      return new Place();
    }
    if (holder?.pid || attempt === ATTEMPTS) {
      throw new Failure(EXIT.failed, "not started", runsHere(holder ?? {}), "stop it first");
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }
}

/** The daemon's place in a network namespace. It is given up with the process, however that ends. */
export class Place implements Disposable {
  readonly #claim?: Claim;

  constructor(claim?: Claim) {
    this.#claim = claim;
  }

  /** A descriptor that can be read when somebody has asked who has the place. */
  get fd(): number | undefined {
    return this.#claim?.fd;
  }

  /** Those who have asked, each the caller's to close: only so many questions are kept. */
  *askers(): Generator<Connection> {
    for (let asker; (asker = this.#claim?.nextAsker());) yield asker;
  }

  [Symbol.dispose](): void {
    this.#claim?.[Symbol.dispose]();
  }
}

/** In words, the daemon that runs in this network namespace; undefined where none does. */
export function daemonHere(): string | undefined {
  const holder = holderOf(NAME);
  return holder && mayRoute(holder) ? runsHere(holder) : undefined;
}

/** A way to the daemon that runs in this network namespace; undefined where none does. */
export function connectToDaemon(): Connection | undefined {
  const daemon = Connection.to(`@${NAME}`);
  if (!daemon || mayRoute(daemon.peer ?? {})) return daemon;
  daemon[Symbol.dispose]();
  return undefined;
}

function runsHere(holder: Holder): string {
  return `symrouted runs in this network namespace already, as ${words(holder)}`;
}

/** Who it is, in words. */
export function words({ pid }: Holder = {}): string {
  return pid ? `process ${pid}` : "a process that cannot be seen from here";
}

/** Anybody can hold a name. A process that is seen to lack the privilege is not the daemon. */
function mayRoute({ pid }: Holder): boolean {
  return pid === undefined || hasNetAdmin(pid) !== false;
}
