/**
 * The marks that connections and packets are given: numbers within a mask, so that all other bits stay whose they are. Each
 * uplink has one; the last one means main. Zero is no mark.
 */
export class MarkSpace {
  readonly mask: number;
  readonly #unit: number;
  /** How many uplinks can have a mark. */
  readonly size: number;

  /** `mask`: 32 bits of which at least two, one beside the other, are set. */
  constructor(mask: number) {
    this.mask = mask;
    this.#unit = (mask & -mask) >>> 0;
    this.size = mask / this.#unit - 1;
  }

  /** The mark of one of `size` uplinks, counted from 1. */
  nth(number: number): number {
    return number * this.#unit;
  }

  /** The mark of connections that main answers. */
  get main(): number {
    return this.mask;
  }

  /** Whether a mark is an uplink's. */
  isUplinks(mark: number): boolean {
    return mark > 0 && mark !== this.main && ((mark & ~this.mask) >>> 0) === 0;
  }
}

/** What is wrong with a mask; undefined where nothing is. */
export function maskError(mask: number): string | undefined {
  const number = mask / ((mask & -mask) >>> 0);
  // One less than a power of two: all its bits stand together.
  if (mask > 0 && mask <= 0xffffffff && number > 1 && Math.log2(number + 1) % 1 === 0) return undefined;
  return "it is not at least two bits of 32, one beside the other";
}

/** Eight digits, as nft(8) writes marks. */
export function markText(mark: number): string {
  return `0x${mark.toString(16).padStart(8, "0")}`;
}
