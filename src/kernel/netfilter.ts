/** The door to what marks need beside routes and rules: a table of nftables, and reverse path filters. */

import { Nftables } from "../../ffi/nftables.ts";
import { NftablesEvents } from "../../ffi/nftables_events.ts";
import { readSetting, writeSetting } from "../../ffi/sysctl.ts";
import { DELETE_COMMAND, loadCommands, TABLE_FAMILY, TABLE_NAME } from "../connmark/ruleset.ts";

export class Netfilter implements Disposable {
  readonly #stack = new DisposableStack();
  readonly #nftables: Nftables;
  readonly #events: NftablesEvents;

  /** Changes of the table are heard from now on. Throws MissingLibrary, NetlinkError. */
  constructor() {
    try {
      this.#nftables = this.#stack.use(Nftables.open());
      this.#events = this.#stack.use(NftablesEvents.open());
    } catch (error) {
      this.#stack.dispose();
      throw error;
    }
  }

  /** The descriptor that can be read when some table has changed. */
  get fd(): number {
    return this.#events.fd;
  }

  /** Whether our table may have changed since the last call. */
  heard(): boolean {
    return this.#events.drain(TABLE_NAME);
  }

  /** Our table as nft(8) lists it; undefined where there is none. Throws NetlinkError. */
  list(): string | undefined {
    return this.#nftables.list(TABLE_FAMILY, TABLE_NAME);
  }

  /** Puts a table in the place of ours. Throws NetlinkError, and has then changed nothing. */
  load(text: string): void {
    this.#nftables.run(loadCommands(text));
  }

  /** Throws NetlinkError. */
  remove(): void {
    this.#nftables.run(DELETE_COMMAND);
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

/** The reverse path filter of an interface, or of `all` and `default`; undefined where there is none. */
export function readReversePath(name: string): number | undefined {
  return readSetting(settingOf(name));
}

/** Throws NetlinkError. */
export function writeReversePath(name: string, value: number): void {
  writeSetting(settingOf(name), value);
}

function settingOf(name: string): string {
  return `net/ipv4/conf/${name}/rp_filter`;
}
