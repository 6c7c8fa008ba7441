// Floods: so many routes of main change at once that nobody can take them up one by one.

import type { Family } from "./addressing.ts";
import type { Uplink, World } from "./world.ts";

/** How many routes a flood has, and by which uplinks. */
export interface FloodOptions {
  /** 100,000 unless told. */
  count?: number;
  /** By their numbers; all unless told. */
  by?: number[];
}

/** Routes to many places by the uplinks in turn, each change of them one `ip -batch`. */
export class Flood {
  readonly count: number;
  readonly #uplinks: Uplink[];

  constructor(readonly world: World, readonly family: Family, options: FloodOptions = {}) {
    this.count = options.count ?? 100_000;
    this.#uplinks = world.uplinks.filter(({ number }) => options.by?.includes(number) ?? true);
  }

  add(): Promise<void> {
    return this.#batch("add", (number) => this.#by(number, 1));
  }

  /** Gives each another gateway, and some another uplink. */
  replace(): Promise<void> {
    return this.#batch("replace", (number) => this.#by(number + (number % 10 === 0 ? 1 : 0), 9));
  }

  remove(): Promise<void> {
    return this.#batch("delete", () => "");
  }

  async #batch(command: string, rest: (number: number) => string): Promise<void> {
    const one = (_: unknown, number: number) =>
      `route ${command} ${this.#destination(number)} metric 50${rest(number)}`;
    await this.world.host.batch(Array.from({ length: this.count }, one));
  }

  #by(number: number, host: number): string {
    const { device, ...sides } = this.#uplinks[number % this.#uplinks.length];
    return ` via ${sides[this.family].gateway.replace(/1$/, String(host))} dev ${device} proto static`;
  }

  /** No two are the same; some are wide, and some are single addresses, so that they lie one in the other. */
  #destination(number: number): string {
    const [wide, narrow] = [number % 64 === 0, number % 8 === 1];
    if (this.family === "IPv4") {
      const [high, middle, low] = [20 + (number >> 16), (number >> 8) & 255, number & 255];
      return `${high}.${middle}.${low}.${narrow ? "7/32" : wide ? "0/18" : "0/24"}`;
    }
    const [high, low] = [0x8000 + (number >> 16), number & 0xffff].map((word) => word.toString(16));
    return `2001:db8:${high}:${low}::${narrow ? "7/128" : wide ? "/58" : "/64"}`;
  }
}
